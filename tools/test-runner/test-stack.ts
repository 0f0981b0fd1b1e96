import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { portsFrom } from '../stack/processes/ports.ts';
import { runFilePath } from '../stack/run-file.ts';
import { createStack } from '../stack/stack.ts';
import { createTestDirectory } from './test-directory.ts';

const BLOCKS = 1000;
/** The distance between stacks of one process, so that their ports do not overlap. */
const BLOCKS_APART = 10;
const firstBlock = Math.floor(Math.random() * BLOCKS);
let stacks = 0;

interface Options {
  /** More variables for the services. */
  variables: Record<string, string | undefined>;
  /** Addresses of servers that replace the stack's own. */
  overrides?: Record<string, string>;
  /** The tree whose services run; a link to it may be moved. */
  release?: string;
}

/** A stack for tests with its own ports, directory and log file. */
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
    lastLines: (count: number) =>
      existsSync(log) ? readFileSync(log, 'utf8').trim().split('\n').slice(-count) : [],
    remove: directory.remove,
  };
}
