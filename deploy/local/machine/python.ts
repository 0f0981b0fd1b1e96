import { join } from 'node:path';
import { runCommand } from '../processes/run-command.ts';
import { cached, systemKey } from './cache.ts';
import {
  fetchDebs,
  findProgram,
  findUnpacked,
  type Log,
  progress,
  type Tool,
} from './toolchain.ts';

const PACKAGES = ['python3-socketio', 'python3-websocket', 'python3-requests'];
const CHECK = 'import requests, socketio, websocket';

/** A Python with Socket.IO's client: the machine's own, or one with packages from the cache. */
export async function requirePython(log: Log): Promise<Tool> {
  const own = findProgram('python3');
  if (own && (await isComplete({ path: own, env: {} }))) return { path: own, env: {} };
  const directory = await cached(`${systemKey()}-${PACKAGES[0]}`, (draft) =>
    progress(log, `fetching ${PACKAGES.join(', ')}`, fetchDebs(draft, PACKAGES)),
  );
  const modules = { PYTHONPATH: join(directory, 'usr/lib/python3/dist-packages') };
  // A machine without Python was given one along with the packages.
  const unpacked = findUnpacked(directory, 'python3');
  const found = unpacked ?? (own ? { path: own, env: {} } : undefined);
  if (!found) throw new Error('There is no python3, and none came with its packages');
  const tool = { path: found.path, env: { ...found.env, ...modules } };
  if (await isComplete(tool)) return tool;
  throw new Error(`${tool.path} cannot use the packages in ${directory}`);
}

const isComplete = ({ path, env }: Tool): Promise<boolean> =>
  runCommand([path, '-c', CHECK], { env }).then(
    () => true,
    () => false,
  );
