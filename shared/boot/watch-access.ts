import type { App } from './boot.ts';

/** Lets the database remember for a moment whom it let in, and tells it who may do less since. */
export function watchAccess({ parts, lifecycle, log }: Pick<App, 'parts' | 'lifecycle' | 'log'>) {
  const { admissions } = parts;
  const listener = parts.listen({
    channel: 'access',
    hear: admissions.forget,
    onListening: admissions.begin,
  });
  lifecycle.registerStartupHook('access', () => {
    // Until it listens everyone is asked for every time: that is slower, and no reason not to start.
    listener.start().catch((error) => log.warn({ err: String(error) }, 'access: not heard'));
  }, ['postgres']);
  lifecycle.registerShutdownHook('access', () => listener.close());
}
