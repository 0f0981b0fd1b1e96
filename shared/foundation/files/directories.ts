import { lstat, mkdir, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { unlessMissing } from './error-code.ts';

export interface FileMetadata {
  kind: 'file' | 'directory' | 'link' | 'other';
  sizeBytes: number;
  modifiedAt: Date;
}

/** Metadata of a path, without following links; undefined when it does not exist. */
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

/** Creates a directory and its parents; an existing one is no error. */
export async function makeDirectory(path: string, mode = 0o750): Promise<void> {
  await mkdir(path, { recursive: true, mode });
}

/** Removes a directory and its content without following links; a missing one is no error. */
export async function removeDirectory(path: string): Promise<void> {
  await rm(path, { recursive: true, force: true });
}

/**
 * Files below a directory, sorted by path; paths are relative and joined by `/`. None when the
 * directory does not exist. Links are neither followed nor listed; one folder at a time is in memory.
 */
export async function* listFiles(
  directory: string,
  subfolder = '',
): AsyncGenerator<FileMetadata & { path: string }> {
  const entries = await unlessMissing(readdir(join(directory, subfolder), { withFileTypes: true }));
  const names = (entries ?? []).map((entry) => entry.name + (entry.isDirectory() ? '/' : ''));
  for (const name of names.sort()) {
    const path = subfolder + name;
    if (name.endsWith('/')) {
      yield* listFiles(directory, path);
      continue;
    }
    const found = await fileMetadata(join(directory, path));
    if (found?.kind === 'file') yield { ...found, path };
  }
}

/** Runs `work` with a temporary directory, which is removed when the work ends or fails. */
export async function withTempDirectory<T>(work: (directory: string) => Promise<T>): Promise<T> {
  const directory = await mkdtemp(join(tmpdir(), 'insightdesk-'));
  try {
    return await work(directory);
  } finally {
    await removeDirectory(directory);
  }
}
