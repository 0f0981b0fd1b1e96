import { join } from 'node:path';
import { ensureCached, systemKey } from '../stack/machine/cache.ts';
import {
  fetchDebs,
  findPrograms,
  findUnpacked,
  type Log,
  logProgress,
  type Tool,
} from '../stack/machine/toolchain.ts';
import { runCommand } from '../stack/processes/run-command.ts';

const PACKAGES = ['python3-socketio', 'python3-websocket', 'python3-requests'];
const CHECK = 'import requests, socketio, websocket';

/** A Python with the Socket.IO client: installed on this machine, or with packages from the cache. */
export async function requirePython(log: Log): Promise<Tool> {
  const installed = findPrograms('python3').map((path): Tool => ({ path, env: {} }));
  const complete = await findComplete(installed);
  if (complete) return complete;
  const directory = await ensureCached(`${systemKey()}-${PACKAGES[0]}`, (draft) =>
    logProgress(log, `fetching ${PACKAGES.join(', ')}`, fetchDebs(draft, PACKAGES)),
  );
  // The packages work with the system's Python only; the first one on PATH may be of pyenv or conda. Without a
  // system Python, one was downloaded with the packages.
  const unpacked = findUnpacked(directory, 'python3');
  const modules = { PYTHONPATH: join(directory, 'usr/lib/python3/dist-packages') };
  const tools = [...(unpacked ? [unpacked] : []), ...installed].map(({ path, env }) => ({
    path,
    env: { ...env, ...modules },
  }));
  const found = await findComplete(tools);
  if (found) return found;
  const tried = tools.map(({ path }) => path).join(', ') || 'none';
  throw new Error(`No python3 can import the packages in ${directory} (tried: ${tried})`);
}

async function findComplete(tools: Tool[]): Promise<Tool | undefined> {
  for (const tool of tools) if (await isComplete(tool)) return tool;
  return undefined;
}

const isComplete = ({ path, env }: Tool): Promise<boolean> =>
  runCommand([path, '-c', CHECK], { env }).then(
    () => true,
    () => false,
  );
