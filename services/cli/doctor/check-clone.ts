import { readFileSync } from 'node:fs';
import { findRunFile } from '../../../tools/stack/run-file.ts';
import { loadEnvironment } from '../operator.ts';
import { checkInstallation } from './check-installation.ts';
import { checkMachine } from './check-machine.ts';
import { checkStack } from './check-stack.ts';
import type { Diagnostic } from './diagnostic.ts';

/** This machine, and the stack of this clone if one runs; or only the checks that are named. */
export async function checkClone(names: string[], isPartial: boolean): Promise<Diagnostic[]> {
  const local = isPartial ? [] : [...(await checkMachine()), ...(await checkStack())];
  const run = findRunFile();
  if (run) {
    const ca = readFileSync(run.ca, 'utf8');
    return [...local, ...(await checkInstallation(await loadEnvironment(), { names, ca }))];
  }
  if (!isPartial) return local;
  const fix = 'npm start, or set the variables of the services';
  return [{ name: 'stack', found: 'not running, and DATABASE_URL is not set', fix }];
}
