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

/** Valkey with persistence and without eviction, for queues and channel logs. */
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
    isReady: () => respondsToPing(port, password),
    ignoredLines: /Memory overcommit|signal-handler|scheduling shutdown|bye bye/,
  };
  return { spec, url: `redis://:${password}@127.0.0.1:${port}` };
}

/** Whether Valkey accepts the password and responds to PING within a second. */
export function respondsToPing(port: number, password: string): Promise<boolean> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const finish = (isReady: boolean) => {
      socket.destroy();
      resolve(isReady);
    };
    let response = '';
    socket.setTimeout(1000, () => finish(false));
    socket.once('error', () => finish(false));
    socket.once('close', () => finish(false));
    socket.once('connect', () => socket.write(`AUTH ${password}\r\nPING\r\n`));
    socket.on('data', (bytes) => {
      response += bytes;
      if (response.includes('PONG')) finish(true);
      if (response.includes('-LOADING')) finish(false);
    });
  });
}
