import { createTestStack } from '../../tools/test-runner/test-stack.ts';
import { useRunFile } from './client.ts';

const LAST_LOG_LINES = 40;

interface Options {
  /** Further variables of the services. */
  variables?: Record<string, string>;
  /** Variables with the addresses of other servers, which replace those of the stack. */
  overrides?: Record<string, string>;
  /** The source tree of the services. It may be a symbolic link that changes. */
  release?: string;
}

/**
 * Starts a separate stack, for tests that would disturb others. `client.ts` uses it until it is closed.
 */
export async function startPrivateStack({ variables = {}, ...options }: Options = {}) {
  const stack = createTestStack({
    ...options,
    variables: {
      NODE_ENV: 'test',
      LOG_FORMAT: 'json',
      RATE_LIMIT_MAX_REQUESTS: '0',
      REGISTRATIONS_PER_DAY: '0',
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
