import { appendFileSync, existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { portsFrom } from '../stack/processes/ports.ts';
import { runFilePath } from '../stack/run-file.ts';
import { createStack } from '../stack/stack.ts';
import { createTestDirectory } from './test-directory.ts';

const BLOCKS = 1000;
/** Distance between the stacks of a process, so that their ports do not overlap. */
const BLOCKS_APART = 10;
const firstBlock = Math.floor(Math.random() * BLOCKS);
let stacks = 0;

interface Options {
  /** Further variables of the services. */
  variables: Record<string, string | undefined>;
  /** Variables with the addresses of other servers, which replace those of this stack. */
  overrides?: Record<string, string>;
  /** The source tree of the services. It may be a symbolic link that changes. */
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
