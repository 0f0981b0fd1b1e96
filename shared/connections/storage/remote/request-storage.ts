import { NetworkError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';

const ATTEMPTS = 4;
const FIRST_DELAY_MS = 150;

/** One request to a storage service; it is signed anew for every attempt. */
export interface StorageRequest {
  /** What the request wants, for errors: `read`, `write`. */
  what: string;
  method: string;
  /** Bytes in memory or a form, so that it can be sent again. */
  body?: Uint8Array<ArrayBuffer> | string | FormData | undefined;
  /** Until the answer begins. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  sign(): { url: string; headers: Record<string, string> };
}

const TIMEOUT_MS = 60_000;

/**
 * Sends it, again when the service was not reached, is busy or broken (429, 5xx). Any other answer is
 * the caller's. Throws the signal's reason on abort, else a retryable NetworkError, STORAGE_UNAVAILABLE.
 */
export async function requestStorage(call: StorageRequest): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    call.signal?.throwIfAborted();
    const answer = await send(call);
    if (answer instanceof Response && !isBusy(answer)) return answer;
    const last = attempt === ATTEMPTS;
    if (last) throw await unreachable(call.what, answer);
    if (answer instanceof Response) await answer.body?.cancel();
    await sleep(FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
  }
}

const isBusy = ({ status }: Response) => status === 429 || status >= 500;

async function send(call: StorageRequest): Promise<Response | Error> {
  const { method, body, signal, timeoutMs = TIMEOUT_MS } = call;
  const { url, headers } = call.sign();
  // The answer's body has a watch of its own.
  const begun = new AbortController();
  const abort = () => begun.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const timer = setTimeout(() => begun.abort(new Error('No answer in time')), timeoutMs);
  try {
    const options = { method, headers, redirect: 'manual' as const, signal: begun.signal };
    return await fetch(url, body === undefined ? options : { ...options, body });
  } catch (error) {
    signal?.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

const away = {
  code: 'STORAGE_UNAVAILABLE',
  status: 503,
  detail: 'Files cannot be reached at the moment, try again shortly',
};

async function unreachable(what: string, answer: Response | Error): Promise<NetworkError> {
  if (answer instanceof Error) {
    return new NetworkError(`Storage was not reached (${what})`, { ...away, cause: answer });
  }
  return new NetworkError(`Storage is out of order (${what}): ${await describeResponse(answer)}`, away);
}

/** Status and the beginning of what the service says, for logs. */
export async function describeResponse(answer: Response): Promise<string> {
  const text = await answer.text().catch(() => '');
  return `${answer.status} ${text.slice(0, 300).replace(/\s+/g, ' ')}`.trim();
}
