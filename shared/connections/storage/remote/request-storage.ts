import { NetworkError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';

const MAX_ATTEMPTS = 4;
const FIRST_DELAY_MS = 150;

/** A request to a storage service; each attempt is signed again. */
export interface StorageRequest {
  /** The operation, for errors. */
  operation: string;
  method: string;
  /** In memory, so that it can be sent again. */
  body?: Uint8Array<ArrayBuffer> | string | FormData | undefined;
  /** Until the response starts; 60 s by default. */
  timeoutMs?: number;
  signal?: AbortSignal | undefined;
  sign(): { url: string; headers: Record<string, string> };
}

const TIMEOUT_MS = 60_000;

/**
 * Sends a request, and repeats it when the service is not reached or responds with 429 or 5xx. Returns
 * any other response. Throws the signal's reason on abort, else a retryable NetworkError
 * STORAGE_UNAVAILABLE.
 */
export async function requestStorage(call: StorageRequest): Promise<Response> {
  for (let attempt = 1; ; attempt++) {
    call.signal?.throwIfAborted();
    const response = await send(call);
    if (response instanceof Response && !isBusy(response)) return response;
    if (attempt === MAX_ATTEMPTS) throw await unavailable(call.operation, response);
    if (response instanceof Response) await response.body?.cancel();
    await sleep(FIRST_DELAY_MS * 2 ** (attempt - 1) * (0.5 + Math.random()));
  }
}

const isBusy = ({ status }: Response) => status === 429 || status >= 500;

async function send(call: StorageRequest): Promise<Response | Error> {
  const { method, body, signal, timeoutMs = TIMEOUT_MS } = call;
  const { url, headers } = call.sign();
  // Aborts until the response starts; reading the body has its own timeout.
  const controller = new AbortController();
  const abort = () => controller.abort(signal?.reason);
  signal?.addEventListener('abort', abort, { once: true });
  const timeout = () => controller.abort(new Error('Timed out waiting for a response'));
  const timer = setTimeout(timeout, timeoutMs);
  try {
    const options = { method, headers, redirect: 'manual' as const, signal: controller.signal };
    return await fetch(url, body === undefined ? options : { ...options, body });
  } catch (error) {
    signal?.throwIfAborted();
    return error instanceof Error ? error : new Error(String(error));
  } finally {
    clearTimeout(timer);
    signal?.removeEventListener('abort', abort);
  }
}

const details = {
  code: 'STORAGE_UNAVAILABLE',
  status: 503,
  detail: 'Files are temporarily unavailable, try again later',
};

async function unavailable(operation: string, response: Response | Error): Promise<NetworkError> {
  if (response instanceof Error) {
    return new NetworkError(`Storage is unreachable (${operation})`, {
      ...details,
      cause: response,
    });
  }
  const reason = await describeResponse(response);
  return new NetworkError(`Storage is unavailable (${operation}): ${reason}`, details);
}

/** The status and the beginning of the body, for logs. */
export async function describeResponse(response: Response): Promise<string> {
  const text = await response.text().catch(() => '');
  return `${response.status} ${text.slice(0, 300).replace(/\s+/g, ' ')}`.trim();
}
