import { expect, test } from 'bun:test';
import { createHash } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { withTempDirectory } from '@insightdesk/shared/files';
import { writeExport } from './write-export.ts';

async function* archive(chunks: number) {
  for (let n = 0; n < chunks; n++) yield new Uint8Array(1_000_000).fill(n);
}

test('writeExport reports progress, size and hash', () =>
  withTempDirectory(async (directory) => {
    const said: string[] = [];
    const place = { folder: join(directory, 'new', 'folder'), name: 'org.tar.gz' };
    const done = await writeExport(archive(18), place, {
      rate: 1_000_000,
      onProgress: (line) => said.push(line),
    });
    const bytes = readFileSync(join(place.folder, place.name));
    expect(done).toContain(`exported to ${join(place.folder, place.name)}\n  18000000 bytes, `);
    expect(done).toContain(`sha256 ${createHash('sha256').update(bytes).digest('hex')}`);
    expect(said).toEqual(['16.0 MB', '18.0 MB']);
  }));

test('writeExport leaves the previous archive when it fails', () =>
  withTempDirectory(async (folder) => {
    const place = { folder, name: 'org.tar.gz' };
    await writeExport(archive(1), place, { onProgress: () => {} });
    const broken = async function* () {
      yield* archive(1);
      throw new Error('database gone');
    };
    const failed = writeExport(broken(), place, { onProgress: () => {} });
    await expect(failed).rejects.toThrow('database gone');
    expect(readdirSync(folder)).toEqual(['org.tar.gz']);
    expect(readFileSync(join(folder, 'org.tar.gz'))).toHaveLength(1_000_000);
  }));
