import { join } from 'node:path';
import type { Config } from '@insightdesk/shared/config';
import {
  createFileTransport,
  createLogger,
  createWebhookTransport,
  flush,
  type Logger,
  type LogTransport,
  loadTransports,
  type ObserveLine,
} from '@insightdesk/shared/logging';
import { withTimeout } from '@insightdesk/shared/promises';

/** At the end of the process; whatever is dead must not hold it up. */
const DEADLINE_MS = 2_000;

/**
 * The service's log with the transports that are configured, and what ends it; throws
 * ConfigurationError when one of one's own cannot be loaded.
 */
export async function openLog(config: Config, observe?: ObserveLine) {
  const { name: service, replica } = config.service;
  const about = { service, replica };
  const later: { log?: Logger } = {};
  const lostBy = (transport: string) => (lines: number, reason: unknown) =>
    later.log?.warn({ lines, transport, reason: String(reason) }, 'log: lines did not arrive');
  const transports = await openTransports(config, about, lostBy);
  const log = createLogger(config.logging, about, undefined, transports, observe);
  later.log = log;
  const closeLog = async () => {
    await Promise.all(transports.map(close));
    await flush(log);
  };
  return { log, closeLog };
}

async function openTransports(
  { logging: { webhook, file, transports } }: Config,
  about: { service: string; replica: string },
  lostBy: (transport: string) => (lines: number, reason: unknown) => void,
): Promise<LogTransport[]> {
  const path = file && join(file.directory, `${about.replica}.log`);
  return [
    ...(webhook ? [createWebhookTransport({ ...webhook, onLost: lostBy('webhook') })] : []),
    ...(path ? [createFileTransport({ ...file, path, onLost: lostBy('file') })] : []),
    ...(await loadTransports(transports, about, lostBy)),
  ];
}

const close = (transport: LogTransport) =>
  withTimeout(async () => transport.close?.(DEADLINE_MS), DEADLINE_MS + 500).catch(() => {});
