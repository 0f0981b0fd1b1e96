import { renameSync, writeFileSync } from 'node:fs';

/** Replaces a file atomically. Only its owner can read it. */
export function writeFileAtomically(path: string, text: string): void {
  writeFileSync(`${path}.draft`, text, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}
