import { readFileSync } from 'node:fs';
import { SQL } from 'bun';
import { dataDirectory } from '../../../tools/stack/paths.ts';
import { isLocked } from '../../../tools/stack/processes/pid-files.ts';
import { isFree, preferredPorts } from '../../../tools/stack/processes/ports.ts';
import { findRunFile, type RunFile } from '../../../tools/stack/run-file.ts';
import { respondsOk } from '../../../tools/stack/servers/http.ts';
import { respondsToPing } from '../../../tools/stack/servers/valkey.ts';
import { type Diagnostic, diagnose } from './diagnostic.ts';

const RESTART = 'Ctrl-C the npm start that runs here, read its last lines, and start it again';

/** The stack of this clone, part by part; or whether one could take its usual ports. */
export async function checkStack(): Promise<Diagnostic[]> {
  const run = findRunFile();
  const isRunning = isLocked(dataDirectory());
  if (run && isRunning) return checkProcesses(run);
  if (run) {
    const found = 'its supervisor was killed, some processes may be left';
    return [{ name: 'stack', found, fix: 'npm start clears up and starts anew' }];
  }
  const found = isRunning ? 'starting' : 'not running; npm start starts it';
  return [{ name: 'stack', found }, ...(isRunning ? [] : await checkPorts())];
}

async function checkPorts(): Promise<Diagnostic[]> {
  const entries = Object.entries(preferredPorts);
  const free = await Promise.all(entries.map(([, port]) => isFree(port)));
  const busy = entries.filter((_, index) => !free[index]).map(([name, port]) => `${name} ${port}`);
  const found = busy.length > 0 ? `busy, the next free one is taken: ${busy.join(', ')}` : 'free';
  return [{ name: 'ports', found }];
}

async function checkProcesses(run: RunFile): Promise<Diagnostic[]> {
  const ca = readFileSync(run.ca, 'utf8');
  const { port, password } = new URL(run.valkey);
  const processes = [
    { name: 'postgres', url: withoutPassword(run.postgres), answers: hasVector(run.postgres) },
    {
      name: 'valkey',
      url: withoutPassword(run.valkey),
      answers: respondsToPing(Number(port), password),
    },
    { name: 'nginx', url: run.url, answers: respondsOk(`${run.url}/health`, ca) },
    { name: 'inbox', url: run.inbox, answers: respondsOk(`${run.inbox}/healthz`) },
    ...run.services.map(({ name, url }) => ({
      name,
      url,
      answers: respondsOk(`${url}/health/ready`),
    })),
  ];
  return Promise.all(
    processes.map(async ({ name, url, answers }) => {
      const isFine = await answers;
      return diagnose(name, isFine ? url : `${url} does not answer`, !isFine && RESTART);
    }),
  );
}

async function hasVector(url: string): Promise<boolean> {
  try {
    await using sql = new SQL(url, { max: 1, connectionTimeout: 2 });
    const [row] = await sql`select '[1,2]'::vector <-> '[1,3]'::vector as distance`;
    return row?.distance === 1;
  } catch {
    return false;
  }
}

function withoutPassword(url: string): string {
  const shown = new URL(url);
  shown.password = '';
  return shown.href;
}
