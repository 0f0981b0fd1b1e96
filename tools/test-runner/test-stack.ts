import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { portsFrom } from '../stack/processes/ports.ts';
import { runFilePath } from '../stack/run-file.ts';
import { createStack } from '../stack/stack.ts';
import { createTestDirectory } from './test-directory.ts';

const BLOCKS = 1000;
/** Wide enough apart that stacks of one process do not meet when their first ports are taken. */
const BLOCKS_APART = 10;
const firstBlock = Math.floor(Math.random() * BLOCKS);
let stacks = 0;

interface Options {
  /** What the services are told beyond where their servers are. */
  variables: Record<string, string | undefined>;
  /** Servers that take the place of the stack's own. */
  places?: Record<string, string>;
  /** The tree whose services run; a link to it may be moved. */
  release?: string;
}

/** A stack for tests, on ports and in a directory of its own, that keeps what it says. */
export function createTestStack({ variables, ...options }: Options) {
  const directory = createTestDirectory();
  const log = join(directory.path, 'stack.log');
  const block = (firstBlock + BLOCKS_APART * stacks++) % BLOCKS;
  const stack = createStack({
    ...options,
    directory: directory.path,
    ports: portsFrom(10_000 + 20 * block),
    disposable: true,
    onLine: (source, line) => appendFileSync(log, `${source}: ${line}\n`),
    variables: { ...variables, INSIGHTDESK_DATA: directory.path },
  });
  return {
    ...stack,
    directory: directory.path,
    runFile: runFilePath(directory.path),
    /** What it said last, for those who look for the reason of a failure. */
    lastLines: (most: number) =>
      existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-most) : [],
    remove: directory.remove,
  };
}
