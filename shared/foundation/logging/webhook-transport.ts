import { NetworkError } from '@insightdesk/shared/errors';
import { createBatchQueue } from '@insightdesk/shared/promises';
import type { LogTransport } from './create-logger.ts';
import { createLossCounter, type OnLost } from './loss-counter.ts';

export interface WebhookTransportOptions {
  /** Receives `{ "text": … }` by POST, as Slack, Mattermost and Discord's `/slack` URLs do. */
  url: string;
  level: 'info' | 'warn' | 'error' | 'fatal';
  onLost: OnLost;
  /** How long lines wait to be posted together; 1 s. */
  waitMs?: number;
  /** For one request; 5 s. */
  timeoutMs?: number;
}

const MAX_LINES_PER_REQUEST = 20;
const MAX_LINE_LENGTH = 1_000;
const MAX_WAITING_LINES = 1_000;
/** Slack's limit. */
const RATE_LIMIT = { max: 1, windowMs: 1_000 };

/** Posts lines in batches; a slow or unreachable URL loses lines and never delays the service. */
export function createWebhookTransport(options: WebhookTransportOptions): LogTransport {
  const { url, level, onLost, waitMs = 1_000, timeoutMs = 5_000 } = options;
  const losses = createLossCounter(onLost);
  const queue = createBatchQueue<string>({
    work: (texts, signal) => post(url, texts, AbortSignal.any([signal, timeout(timeoutMs)])),
    size: MAX_LINES_PER_REQUEST,
    waitMs,
    capacity: MAX_WAITING_LINES,
    whenFull: 'displace',
    rate: RATE_LIMIT,
    retry: { attempts: 4, baseMs: 1_000, maxMs: 10_000 },
    onLost: (lines, reason) => losses.add(lines.length, reason),
  });
  return {
    level,
    write(line) {
      if (losses.isReporting) return;
      const parsed = parse(line);
      queue.add(toText(parsed), parsed.level === 'fatal' ? 1 : 0);
    },
    async close(deadlineMs) {
      await queue.drain(deadlineMs);
      losses.report();
    },
  };
}

const timeout = (ms: number) => AbortSignal.timeout(ms);

async function post(url: string, texts: string[], signal: AbortSignal): Promise<void> {
  const body = JSON.stringify({ text: texts.join('\n') });
  const headers = { 'Content-Type': 'application/json' };
  const response = await fetch(url, { method: 'POST', headers, body, signal }).catch((cause) => {
    throw new NetworkError('The log webhook is unreachable', { cause, retryable: true });
  });
  await response.body?.cancel();
  if (response.ok) return;
  const retryable = response.status === 429 || response.status >= 500;
  throw new NetworkError(`The log webhook responded with ${response.status}`, { retryable });
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

function toText({ level = '', msg = '', replica, service: _, time: __, ...fields }: Line): string {
  const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : '';
  return `*${level.toUpperCase()}* ${replica}: ${msg}${rest}`.slice(0, MAX_LINE_LENGTH);
}
