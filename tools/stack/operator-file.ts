import { existsSync, readFileSync } from 'node:fs';
import { writeFileAtomically } from './write-file.ts';

/** Whose owners operate the stack: known from the first start that made the demo organisation on. */
export function createOperatorFile(path: string) {
  return {
    read: () => (existsSync(path) ? readFileSync(path, 'utf8').trim() : undefined),
    write: (id: string) => writeFileAtomically(path, `${id}\n`),
  };
}
