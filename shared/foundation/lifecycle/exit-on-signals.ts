import type { Logger } from '@insightdesk/shared/logging';

/** Stops the service and exits on SIGTERM, SIGINT (code 0) and uncaught errors (code 1). */
export function exitOnSignals(stop: (reason: string) => Promise<void>, log: Logger): void {
  let isExiting = false;

  async function exit(reason: string, code: number): Promise<void> {
    if (isExiting) return;
    isExiting = true;
    await stop(reason);
    process.exit(code);
  }

  // Not `once`: a terminal and a supervisor may both signal, and the second one must not kill.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void exit(signal, 0));
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      void exit(event, 1);
    });
  }
}
