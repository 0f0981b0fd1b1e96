import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomically } from './write-file.ts';

/** Stores the id of the operator organization, which the first start creates. */
export function createOperatorFile(path: string) {
  return {
    read: () => (existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined),
    write: (id: string) => writeFileAtomically(path, `${id}\n`),
  };
}
