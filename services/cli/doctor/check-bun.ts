import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type Diagnostic, diagnose } from './diagnostic.ts';

/** Whether this is the Bun that the project names. */
export function checkBun(): Diagnostic {
  const { packageManager } = JSON.parse(
    readFileSync(join(import.meta.dir, '../../../package.json'), 'utf8'),
  );
  const wanted = packageManager.replace('bun@', '');
  const isFine = Bun.version === wanted;
  const fix = `call it as npx bun@${wanted} run desk doctor, or let npm start take the right one`;
  return diagnose('bun', `${Bun.version}, wanted ${wanted}`, !isFine && fix);
}
