import { appendFileSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { portsFrom } from '../local/processes/ports.ts';
import { runFilePath } from '../local/stack/run-file.ts';
import { createStack } from '../local/stack/stack.ts';
import { createTestDirectory } from '../local/tests/test-directory.ts';
import { speakTo } from './client.ts';

const LAST_LOG_LINES = 40;

interface Options {
  /** What the services are told beyond where their servers are. */
  variables?: Record<string, string>;
  /** Servers that take the place of the stack's own. */
  places?: Record<string, string>;
  /** The tree whose services run; a link to it may be moved. */
  release?: string;
}

/**
 * A stack of one's own beside the one of all tests, for what those would suffer from. Until it is
 * closed `client.ts` speaks to it.
 */
export async function openPrivateStack({ variables = {}, places = {}, release }: Options = {}) {
  const directory = createTestDirectory();
  const log = join(directory.path, 'stack.log');
  const stack = createStack({
    directory: directory.path,
    ports: portsFrom(10_000 + 20 * Math.floor(Math.random() * 1000)),
    disposable: true,
    onLine: (source, line) => appendFileSync(log, `${source}: ${line}\n`),
    variables: {
      NODE_ENV: 'test',
      LOG_FORMAT: 'json',
      RATE_LIMIT_MAX_REQUESTS: '0',
      WORKERS_MAX: '1',
      PATH: process.env.PATH,
      ...variables,
    },
    places,
    ...(release && { release }),
  });
  const { run, environment } = await stack.start();
  const leave = speakTo(runFilePath(directory.path));
  return {
    ...stack,
    run,
    environment,
    directory: directory.path,
    /** What it said last, for those who look for the reason of a failure. */
    lastLines: () => readFileSync(log, 'utf8').trim().split('\n').slice(-LAST_LOG_LINES),
    async close(): Promise<void> {
      leave();
      await stack.stop();
      directory.remove();
    },
  };
}
