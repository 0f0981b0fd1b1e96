import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Tool } from '../stack/machine/toolchain.ts';
import { changeOwner, findUnprivileged } from '../stack/machine/unprivileged.ts';
import type { ProcessSpec } from '../stack/processes/supervised-process.ts';
import { writeFileAtomically } from '../stack/write-file.ts';

interface Options {
  tool: Tool;
  directory: string;
  streamMaxBytes: number;
  /** Signatures: name and bytes. */
  signatures: Record<string, string>;
}

/** clamd on a socket in its directory, with these signatures only, not run as root. */
export function createClamd({ tool, directory, streamMaxBytes, signatures }: Options) {
  const path = (name: string) => join(directory, name);
  const { prefix, ownerId } = findUnprivileged();
  const [program = tool.path, ...args] = [...prefix, tool.path];
  const lines = [
    'Foreground yes',
    `LocalSocket ${path('clamd.sock')}`,
    `DatabaseDirectory ${path('signatures')}`,
    `TemporaryDirectory ${path('temp')}`,
    `StreamMaxLength ${streamMaxBytes}`,
    'AlertExceedsMax yes',
    'MaxRecursion 5',
  ];
  const database = Object.entries(signatures).map(
    ([name, bytes]) => `${name}:0:*:${Buffer.from(bytes).toString('hex')}`,
  );
  const spec: ProcessSpec = {
    name: 'clamd',
    command: [program, ...args, '-c', path('clamd.conf')],
    env: tool.env,
    directory,
    prepare() {
      for (const folder of ['signatures', 'temp']) mkdirSync(path(folder), { recursive: true });
      writeFileAtomically(path('signatures/test.ndb'), `${database.join('\n')}\n`);
      writeFileAtomically(path('clamd.conf'), `${lines.join('\n')}\n`);
      changeOwner(ownerId, directory);
    },
    isReady: () => respondsToPing(path('clamd.sock')),
  };
  return { spec, url: `unix://${path('clamd.sock')}`, temp: path('temp') };
}

/** Whether clamd responds on this socket within a second. */
function respondsToPing(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const finish = (isReady: boolean) => {
      socket.destroy();
      resolve(isReady);
    };
    socket.setTimeout(1000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('connect', () => socket.write('zPING\0'));
    socket.once('data', (bytes) => finish(bytes.toString().startsWith('PONG')));
  });
}
