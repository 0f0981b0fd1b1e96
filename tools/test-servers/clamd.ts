import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Tool } from '../stack/machine/toolchain.ts';
import { findUnprivileged, giveTo } from '../stack/machine/unprivileged.ts';
import type { ProcessSpec } from '../stack/processes/supervised-process.ts';
import { writeFileAtomically } from '../stack/write-file.ts';

interface Options {
  tool: Tool;
  directory: string;
  streamMaxBytes: number;
  /** Names and the bytes by which each is known. */
  signatures: Record<string, string>;
}

/** ClamAV as a plain user, on a socket in its directory, with these signatures and no others. */
export function createClamd({ tool, directory, streamMaxBytes, signatures }: Options) {
  const path = (name: string) => join(directory, name);
  const { prefix, ownerId } = findUnprivileged();
  const [first = tool.path, ...words] = [...prefix, tool.path];
  const lines = [
    'Foreground yes',
    `LocalSocket ${path('clamd.sock')}`,
    `DatabaseDirectory ${path('signatures')}`,
    `TemporaryDirectory ${path('temp')}`,
    `StreamMaxLength ${streamMaxBytes}`,
    'AlertExceedsMax yes',
    'MaxRecursion 5',
  ];
  const known = Object.entries(signatures).map(
    ([name, bytes]) => `${name}:0:*:${Buffer.from(bytes).toString('hex')}`,
  );
  const spec: ProcessSpec = {
    name: 'clamd',
    command: [first, ...words, '-c', path('clamd.conf')],
    env: tool.env,
    directory,
    prepare() {
      for (const folder of ['signatures', 'temp']) mkdirSync(path(folder), { recursive: true });
      writeFileAtomically(path('signatures/own.ndb'), `${known.join('\n')}\n`);
      writeFileAtomically(path('clamd.conf'), `${lines.join('\n')}\n`);
      giveTo(ownerId, directory);
    },
    isReady: () => pings(path('clamd.sock')),
  };
  return { spec, url: `unix://${path('clamd.sock')}`, temp: path('temp') };
}

/** Whether a clamd on this socket answers within a second. */
function pings(path: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect({ path });
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    socket.setTimeout(1000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
    socket.once('connect', () => socket.write('zPING\0'));
    socket.once('data', (bytes) => done(bytes.toString().startsWith('PONG')));
  });
}
