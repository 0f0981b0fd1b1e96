import { parseArgs } from 'node:util';
import { checkBun } from './check-bun.ts';
import { checkInstallation, installationChecks } from './check-installation.ts';
import { type Finding, isFault, isWarning } from './diagnostic.ts';
import { isInstalled } from './operator-environment.ts';

const names = Object.keys(installationChecks);
const USAGE = `Usage: bun run desk doctor [--json] [${names.join('|')} …]`;

/**
 * Looks at the installation that the services' variables describe; without them at this machine and
 * the stack that runs on it. 1 when something needs mending; warnings do not count.
 */
export async function doctor(words: string[]): Promise<number> {
  const wanted = read(words);
  if (!wanted) {
    console.error(USAGE);
    return 2;
  }
  const findings = await examine(wanted.names);
  const faults = findings.filter(isFault).length;
  const warnings = findings.filter(isWarning).length;
  if (wanted.isJson) console.log(JSON.stringify({ ok: faults === 0, faults, warnings, findings }));
  else show(findings, { faults, warnings });
  return faults === 0 ? 0 : 1;
}

function read(args: string[]) {
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

async function examine(only: string[]): Promise<Finding[]> {
  const isPartial = only.length > 0;
  const asked = { names: isPartial ? only : names };
  if (isInstalled()) {
    const own = isPartial ? [] : [checkBun()];
    return [...own, ...(await checkInstallation(process.env, asked))];
  }
  const { checkClone } = await import('./check-clone.ts');
  return checkClone(asked.names, isPartial);
}

function show(findings: Finding[], { faults, warnings }: { faults: number; warnings: number }) {
  for (const finding of findings) {
    const { name, found, fix } = finding;
    const mark = isFault(finding) ? 'FAULT' : isWarning(finding) ? 'warn ' : 'ok   ';
    console.log(`${mark} ${name.padEnd(26)} ${found}`);
    if (fix) console.log(`      fix: ${fix}`);
  }
  const also = warnings > 0 ? ` ${warnings} to think about.` : '';
  console.log(faults === 0 ? `Nothing to mend.${also}` : `${faults} to mend.${also}`);
}
