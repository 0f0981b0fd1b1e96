import { NetworkError } from '@insightdesk/shared/errors';
import { createBatchQueue } from '@insightdesk/shared/promises';
import type { LogTransport } from './create-logger.ts';
import { createLosses, type OnLost } from './losses.ts';

export interface WebhookTransportOptions {
  /** Takes `{ "text": … }` by POST, as Slack, Mattermost and Discord's `/slack` addresses do. */
  url: string;
  level: 'info' | 'warn' | 'error' | 'fatal';
  onLost: OnLost;
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
  const losses = createLosses(onLost);
  const queue = createBatchQueue<string>({
    work: (texts, signal) => post(url, texts, AbortSignal.any([signal, timeout(timeoutMs)])),
    size: LINES_PER_POST,
    waitMs,
    capacity: WAITING_LINES,
    whenFull: 'displace',
    rate: RATE,
    retry: { attempts: 4, baseMs: 1_000, maxMs: 10_000 },
    onLost: (lines, reason) => losses.add(lines.length, reason),
  });
  return {
    level,
    write(line) {
      if (losses.isTelling) return;
      const parsed = parse(line);
      queue.add(toText(parsed), parsed.level === 'fatal' ? 1 : 0);
    },
    async close(deadlineMs) {
      await queue.drain(deadlineMs);
      losses.tell();
    },
  };
}

const timeout = (ms: number) => AbortSignal.timeout(ms);

async function post(url: string, texts: string[], signal: AbortSignal): Promise<void> {
  const body = JSON.stringify({ text: texts.join('\n') });
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

function toText({ level = '', msg = '', replica, service: _, time: __, ...fields }: Line): string {
  const rest = Object.keys(fields).length > 0 ? ` ${JSON.stringify(fields)}` : '';
  return `*${level.toUpperCase()}* ${replica}: ${msg}${rest}`.slice(0, LINE_LENGTH);
}
