import { lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unlessMissing } from './error-code.ts';

export interface FileMetadata {
  kind: 'file' | 'directory' | 'link' | 'other';
  sizeBytes: number;
  modifiedAt: Date;
}

/** What is at a path, without following a link; undefined when nothing is. */
export async function fileMetadata(path: string): Promise<FileMetadata | undefined> {
  const found = await unlessMissing(lstat(path));
  if (!found) return undefined;
  const kind = found.isFile()
    ? 'file'
    : found.isDirectory()
      ? 'directory'
      : found.isSymbolicLink()
        ? 'link'
        : 'other';
  return { kind, sizeBytes: found.size, modifiedAt: found.mtime };
}

/** Makes a directory and those above it; one that is there already is fine. */
export async function makeDirectory(path: string, mode = 0o750): Promise<void> {
  await mkdir(path, { recursive: true, mode });
}

/** Removes a directory with all in it; nothing there is fine. Links in it are not followed. */
export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/**
 * The files below a directory in the order of their paths, which are relative to it and joined by /;
 * none when it is not there. Links are neither followed nor listed; one folder at a time is in memory.
 */
export async function* listFiles(
  directory: string,
  below = '',
): AsyncGenerator<FileMetadata & { path: string }> {
  const entries = await unlessMissing(readdir(join(directory, below), { withFileTypes: true }));
  const names = (entries ?? []).map((entry) => entry.name + (entry.isDirectory() ? '/' : ''));
  for (const name of names.sort()) {
    const path = below + name;
    if (name.endsWith('/')) {
      yield* listFiles(directory, path);
      continue;
    }
    const found = await fileMetadata(join(directory, path));
    if (found?.kind === 'file') yield { ...found, path };
  }
}

/** Lends a directory of its own to the work, and removes it with all in it however that ends. */
export async function withTempDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'insightdesk-'));
  try {
    return await work(directory);
  } finally {
    await removeDirectory(directory);
  }
}
