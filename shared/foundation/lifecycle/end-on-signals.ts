import type { Logger } from '@insightdesk/shared/logging';

/** Stops and ends the process on SIGTERM, SIGINT (exit 0) and on errors nobody caught (exit 1). */
export function endOnSignals(stop: (reason: string) => Promise<void>, log: Logger): void {
  let ending = false;

  async function end(reason: string, code: number): Promise<void> {
    if (ending) return;
    ending = true;
    await stop(reason);
    process.exit(code);
  }

  // Kept, not once: a terminal and a supervisor may both signal, and the second one must not kill.
  for (const signal of ['SIGTERM', 'SIGINT'] as const) {
    process.on(signal, () => void end(signal, 0));
  }
  for (const event of ['uncaughtException', 'unhandledRejection'] as const) {
    process.on(event, (error: unknown) => {
      log.fatal({ err: error }, event);
      void end(event, 1);
    });
  }
}
