import { NetworkError } from '@insightdesk/shared/errors';
import { createBatchQueue, throttle } from '@insightdesk/shared/promises';
import type { LogTransport } from './create-logger.ts';

export interface WebhookTransportOptions {
  /** Takes `{ "text": … }` by POST, as Slack, Mattermost and Discord's `/slack` addresses do. */
  url: string;
  level: 'info' | 'warn' | 'error' | 'fatal';
  /** Told how many lines were given up and why they were at last, once per second at most. */
  onLost: (count: number, reason: unknown) => void;
  /** How long lines wait for others; 1 s. */
  waitMs?: number;
  /** For one post; 5 s. */
  timeoutMs?: number;
}

const LINES_PER_POST = 20;
const LINE_LENGTH = 1_000;
const WAITING_LINES = 1_000;
/** What Slack allows. */
const RATE = { max: 1, windowMs: 1_000 };

/** Posts lines in batches; a slow or dead address costs lines, never time of the service. */
export function createWebhookTransport(options: WebhookTransportOptions): LogTransport {
  const { url, level, onLost, waitMs = 1_000, timeoutMs = 5_000 } = options;
  const lost = { count: 0, reason: undefined as unknown };
  let isTelling = false;
  const tell = () => {
    const { count, reason } = lost;
    if (count === 0) return;
    lost.count = 0;
    // A line about lost lines must not be the next one to be lost.
    isTelling = true;
    onLost(count, reason);
    isTelling = false;
  };
  const tellAtTimes = throttle(1_000, tell);
  const queue = createBatchQueue<string>({
    work: (lines, signal) => post(url, lines, AbortSignal.any([signal, timeout(timeoutMs)])),
    size: LINES_PER_POST,
    waitMs,
    capacity: WAITING_LINES,
    whenFull: 'displace',
    rate: RATE,
    retry: { attempts: 4, baseMs: 1_000, maxMs: 10_000 },
    onLost(lines, reason) {
      lost.count += lines.length;
      lost.reason = reason;
      tellAtTimes();
    },
  });
  return {
    level,
    write(line) {
      if (!isTelling) queue.add(line, levelOf(line) === 'fatal' ? 1 : 0);
    },
    async close(deadlineMs) {
      await queue.drain(deadlineMs);
      tell();
    },
  };
}

const timeout = (ms: number) => AbortSignal.timeout(ms);

async function post(url: string, lines: string[], signal: AbortSignal): Promise<void> {
  const body = JSON.stringify({ text: lines.map(toText).join('\n') });
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body, signal }).catch((cause) => {
    throw new NetworkError('The log webhook cannot be reached', { cause, retryable: true });
  });
  await response.body?.cancel();
  if (response.ok) return;
  const retryable = response.status === 429 || response.status >= 500;
  throw new NetworkError(`The log webhook answered ${response.status}`, { retryable });
}

interface Line {
  level?: string;
  service?: string;
  replica?: string;
  msg?: string;
  [field: string]: unknown;
}

function parse(line: string): Line {
  try {
    return JSON.parse(line);
  } catch {
    return { msg: line };
  }
}

const levelOf = (line: string) => parse(line).level;

function toText(line: string): string {
  const { level = '', msg = '', replica, service: _, time: __, ...fields } = parse(line);
  const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : '';
  return `*${level.toUpperCase()}* ${replica}: ${msg}${rest}`.slice(0, LINE_LENGTH);
}
