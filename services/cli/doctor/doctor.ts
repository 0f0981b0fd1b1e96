import { parseArgs } from 'node:util';
import { isInstalled } from '../operator.ts';
import { checkBun } from './check-bun.ts';
import { checkInstallation, installationChecks } from './check-installation.ts';
import { type Diagnostic, isError, isWarning } from './diagnostic.ts';

const names = Object.keys(installationChecks);
const USAGE = `Usage: desk doctor [--json] [${names.join('|')} …]`;

/**
 * Checks the installation that the services' variables describe; without them this machine and the
 * stack that runs on it. Exit code 1 if there is an error; warnings do not count.
 */
export async function doctor(words: string[]): Promise<number> {
  const wanted = parseOptions(words);
  if (!wanted) {
    console.error(USAGE);
    return 2;
  }
  const findings = await runChecks(wanted.names);
  const errors = findings.filter(isError).length;
  const warnings = findings.filter(isWarning).length;
  if (wanted.isJson) console.log(JSON.stringify({ ok: errors === 0, errors, warnings, findings }));
  else print(findings, { errors, warnings });
  return errors === 0 ? 0 : 1;
}

function parseOptions(args: string[]) {
  try {
    const { values, positionals } = parseArgs({
      args,
      options: { json: { type: 'boolean', default: false } },
      allowPositionals: true,
    });
    if (!positionals.every((name) => names.includes(name))) return undefined;
    return { isJson: values.json, names: positionals };
  } catch {
    return undefined;
  }
}

async function runChecks(only: string[]): Promise<Diagnostic[]> {
  const isPartial = only.length > 0;
  const selected = { names: isPartial ? only : names };
  if (isInstalled()) {
    const runtime = isPartial ? [] : [checkBun()];
    return [...runtime, ...(await checkInstallation(process.env, selected))];
  }
  const { checkClone } = await import('./check-clone.ts');
  return checkClone(selected.names, isPartial);
}

function print(findings: Diagnostic[], { errors, warnings }: { errors: number; warnings: number }) {
  for (const finding of findings) {
    const { name, found, fix } = finding;
    const mark = isError(finding) ? 'ERROR' : isWarning(finding) ? 'warn ' : 'ok   ';
    console.log(`${mark} ${name.padEnd(26)} ${found}`);
    if (fix) console.log(`      fix: ${fix}`);
  }
  const count = (n: number, word: string) => `${n} ${word}${n === 1 ? '' : 's'}`;
  console.log(`${count(errors, 'error')}, ${count(warnings, 'warning')}`);
}
