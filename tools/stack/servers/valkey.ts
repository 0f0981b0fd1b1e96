import { mkdirSync } from 'node:fs';
import { connect } from 'node:net';
import { join } from 'node:path';
import type { Tool } from '../machine/toolchain.ts';
import type { ProcessSpec } from '../processes/supervised-process.ts';
import { writeFileAtomically } from '../write-file.ts';

interface Options {
  tool: Tool;
  directory: string;
  port: number;
  password: string;
}

/** Valkey that keeps every write on disk and never evicts: queues and channel logs live in it. */
export function createValkey({ tool, directory, port, password }: Options) {
  const configuration = join(directory, 'valkey.conf');
  const lines = [
    'bind 127.0.0.1',
    `port ${port}`,
    `dir "${directory}"`,
    `requirepass ${password}`,
    'appendonly yes',
    'save ""',
    'maxmemory-policy noeviction',
    'loglevel warning',
  ];
  const spec: ProcessSpec = {
    name: 'valkey',
    command: [tool.path, configuration],
    env: tool.env,
    directory,
    prepare() {
      mkdirSync(directory, { recursive: true });
      writeFileAtomically(configuration, `${lines.join('\n')}\n`);
    },
    isReady: () => pings(port, password),
    ignoredLines: /Memory overcommit|signal-handler|scheduling shutdown|bye bye/,
  };
  return { spec, url: `redis://:${password}@127.0.0.1:${port}` };
}

/** Whether a Valkey that knows the password answers PING within a second. */
export function pings(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const done = (answer: boolean) => {
      socket.destroy();
      resolve(answer);
    };
    let answer = '';
    socket.setTimeout(1000, () => done(false));
    socket.once('error', () => done(false));
    socket.once('close', () => done(false));
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (bytes) => {
      answer += bytes;
      if (answer.includes('PONG')) done(true);
      if (answer.includes('-LOADING')) done(false);
    });
  });
}
