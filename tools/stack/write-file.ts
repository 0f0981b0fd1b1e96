import { renameSync, writeFileSync } from 'node:fs';

/** Replaces a file that only its owner may read; readers see the old one or the new one, never half. */
export function writeFileAtomically(path: string, text: string): void {
  writeFileSync(`${path}.draft`, text, { mode: 0o600 });
  renameSync(`${path}.draft`, path);
}
