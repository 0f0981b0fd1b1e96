import { createTestStack } from '../../tools/test-runner/test-stack.ts';
import { useRunFile } from './client.ts';

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
export async function startPrivateStack({ variables = {}, ...options }: Options = {}) {
  const stack = createTestStack({
    ...options,
    variables: {
      NODE_ENV: 'test',
      LOG_FORMAT: 'json',
      RATE_LIMIT_MAX_REQUESTS: '0',
      WORKERS_MAX: '1',
      PATH: process.env.PATH,
      ...variables,
    },
  });
  const { run, environment } = await stack.start();
  const restoreRunFile = useRunFile(stack.runFile);
  return {
    ...stack,
    run,
    environment,
    lastLines: () => stack.lastLines(LAST_LOG_LINES),
    async close(): Promise<void> {
      restoreRunFile();
      await stack.stop();
      stack.remove();
    },
  };
}
