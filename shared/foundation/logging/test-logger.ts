import { createLogger, type LogTransport } from './index.ts';

/** A logger with these transports, and the lines of its main destination. */
export function createTestLogger(transports: LogTransport[]) {
  const lines: string[] = [];
  const log = createLogger(
    { level: 'info', format: 'json' },
    { service: 'api', replica: 'api-1' },
    { write: (line) => void lines.push(line) },
    transports,
  );
  return { log, lines };
}

export function createLossRecorder() {
  const losses: { count: number; reason: unknown }[] = [];
  return {
    onLost: (count: number, reason: unknown) => void losses.push({ count, reason }),
    lost: () => losses.reduce((sum, { count }) => sum + count, 0),
    reasons: () => losses.map(({ reason }) => String(reason)),
  };
}
