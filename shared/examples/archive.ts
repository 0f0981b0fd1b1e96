import type { StorageProvider } from '@insightdesk/shared/storage';

/** Writes lines as one file, and counts what is archived; in tests on `createMemoryStorage()`. */
export async function archive(storage: StorageProvider, name: string, lines: readonly string[]) {
  const bytes = new TextEncoder().encode(lines.join('\n'));
  await storage.upload(`archive/${name}`, bytes, { contentType: 'text/plain' });
  return (await Array.fromAsync(storage.list('archive/'))).length;
}
