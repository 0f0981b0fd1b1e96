import { join } from 'node:path';
import type { Config } from '@insightdesk/shared/config';
import {
  createFileTransport,
  createLogger,
  createWebhookTransport,
  flush,
  type LineObserver,
  type Logger,
  type LogTransport,
  loadTransports,
} from '@insightdesk/shared/logging';
import { withTimeout } from '@insightdesk/shared/promises';

/** A transport that hangs does not delay the shutdown further. */
const CLOSE_TIMEOUT_MS = 2_000;

/**
 * Opens the log with its configured transports; throws ConfigurationError when a custom transport
 * cannot be loaded.
 */
export async function openLog(config: Config, observe?: LineObserver) {
  const { name: service, replica } = config.service;
  const labels = { service, replica };
  const opened: { log?: Logger } = {};
  const reportLost = (transport: string) => (lines: number, reason: unknown) =>
    opened.log?.warn({ lines, transport, reason: String(reason) }, 'log: transport lost lines');
  const transports = await openTransports(config, labels, reportLost);
  const log = createLogger(config.logging, labels, undefined, transports, observe);
  opened.log = log;
  const closeLog = async () => {
    await Promise.all(transports.map(close));
    await flush(log);
  };
  return { log, closeLog };
}

async function openTransports(
  { logging: { webhook, file, transports } }: Config,
  labels: { service: string; replica: string },
  reportLost: (transport: string) => (lines: number, reason: unknown) => void,
): Promise<LogTransport[]> {
  const path = file && join(file.directory, `${labels.replica}.log`);
  return [
    ...(webhook ? [createWebhookTransport({ ...webhook, onLost: reportLost('webhook') })] : []),
    ...(path ? [createFileTransport({ ...file, path, onLost: reportLost('file') })] : []),
    ...(await loadTransports(transports, labels, reportLost)),
  ];
}

const close = (transport: LogTransport) =>
  withTimeout(async () => transport.close?.(CLOSE_TIMEOUT_MS), CLOSE_TIMEOUT_MS + 500).catch(
    () => {},
  );
