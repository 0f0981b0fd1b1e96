import { checkMachine } from './check-machine.ts';
import { checkStack } from './check-stack.ts';

/** What was looked at, what was found, and how to mend it when it is wrong. */
export interface Finding {
  name: string;
  found: string;
  fix?: string;
}

/** Looks at this machine and at the stack that runs on it; 1 when something needs mending. */
export async function doctor(): Promise<number> {
  const findings = [...(await checkMachine()), ...(await checkStack())];
  for (const { name, found, fix } of findings) {
    console.log(`${fix ? 'FAULT' : 'ok   '} ${name.padEnd(14)} ${found}`);
    if (fix) console.log(`      fix: ${fix}`);
  }
  const faults = findings.filter(({ fix }) => fix).length;
  console.log(faults === 0 ? 'Nothing to mend.' : `${faults} to mend.`);
  return faults === 0 ? 0 : 1;
}
