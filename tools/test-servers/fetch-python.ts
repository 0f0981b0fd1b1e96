import { join } from 'node:path';
import { cached, systemKey } from '../stack/machine/cache.ts';
import {
  fetchDebs,
  findPrograms,
  findUnpacked,
  type Log,
  progress,
  type Tool,
} from '../stack/machine/toolchain.ts';
import { runCommand } from '../stack/processes/run-command.ts';

const PACKAGES = ['python3-socketio', 'python3-websocket', 'python3-requests'];
const CHECK = 'import requests, socketio, websocket';

/** A Python with Socket.IO's client: one of this machine's own, else one with packages from the cache. */
export async function requirePython(log: Log): Promise<Tool> {
  const own = findPrograms('python3').map((path): Tool => ({ path, env: {} }));
  const complete = await findComplete(own);
  if (complete) return complete;
  const directory = await cached(`${systemKey()}-${PACKAGES[0]}`, (draft) =>
    progress(log, `fetching ${PACKAGES.join(', ')}`, fetchDebs(draft, PACKAGES)),
  );
  // What was fetched fits the system's Python; the first on PATH may be pyenv's or a conda's. A
  // machine without any was given one along with the packages.
  const unpacked = findUnpacked(directory, 'python3');
  const modules = { PYTHONPATH: join(directory, 'usr/lib/python3/dist-packages') };
  const tools = [...(unpacked ? [unpacked] : []), ...own].map(({ path, env }) => ({
    path,
    env: { ...env, ...modules },
  }));
  const found = await findComplete(tools);
  if (found) return found;
  const tried = tools.map(({ path }) => path).join(', ') || 'there is none';
  throw new Error(`No python3 can use the packages in ${directory} (tried: ${tried})`);
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
