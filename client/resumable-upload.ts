import { ClientClosedError, isTransient, ProblemError } from './errors.ts';
import type { ResponseBody, SendRequest, SendTus } from './requests.ts';
import { createTransfer, type TransferOptions } from './tus-transfer.ts';
import { type OnWait, waitForRetry } from './waiting.ts';

export type Attachment = ResponseBody<'GET /v1/attachments/{id}'>;

export interface ResumableUploadOptions extends TransferOptions {
  /** Called after every chunk with the bytes that the server has stored. */
  onProgress?: ((progress: { storedBytes: number; totalBytes: number }) => void) | undefined;
}

/** A file that is being uploaded in chunks; it continues after a broken connection. */
export interface ResumableUpload {
  /** Where the upload can be continued for a day; undefined until the server has created it. */
  readonly url: string | undefined;
  /** Settles when the file is stored, or when the server has refused it. */
  readonly done: Promise<Attachment>;
  /** Stops sending until `resume`; the server keeps what it has received. */
  pause(): void;
  resume(): void;
  /** Ends the upload and deletes it on the server; `done` rejects with ClientClosedError. */
  abort(): Promise<void>;
}

/** Failures in a row, without a stored byte between them: about a minute. */
const MAX_FAILURES = 10;
const ROUTE = 'PATCH /v1/uploads/{id}';
const PAUSED = new Error('Paused');

interface Dependencies {
  sendTus: SendTus;
  request: SendRequest;
  stopped: AbortSignal;
  onWait: OnWait;
}

/** Starts an upload with tus 1.0. */
export function startResumableUpload(
  { sendTus, request, stopped, onWait }: Dependencies,
  file: Blob,
  name: string,
  { onProgress, ...options }: ResumableUploadOptions,
): ResumableUpload {
  const stop = new AbortController();
  const signal = AbortSignal.any([stopped, stop.signal]);
  const transfer = createTransfer(sendTus, file, name, options);
  const pause = createPause();

  async function sendRest(report: (offset: number) => number): Promise<void> {
    let offset = report(await transfer.findOffset(signal));
    while (offset < file.size) {
      const interrupted = pause.signal();
      const either = AbortSignal.any([signal, interrupted]);
      const sending = transfer.sendChunk(offset, either).catch((error) => {
        throw interrupted.aborted ? PAUSED : error;
      });
      offset = report(await sending);
    }
  }

  async function run(): Promise<Attachment> {
    let storedBytes = -1;
    let failures = 0;
    const report = (offset: number) => {
      if (offset > storedBytes) failures = 0;
      storedBytes = offset;
      onProgress?.({ storedBytes, totalBytes: file.size });
      return offset;
    };
    for (let isComplete = false; !isComplete; ) {
      await pause.wait(signal);
      try {
        await sendRest(report);
        isComplete = true;
      } catch (error) {
        signal.throwIfAborted();
        if (error === PAUSED) continue;
        if (!canContinue(error) || ++failures === MAX_FAILURES) throw error;
        await waitForRetry(error, { route: ROUTE, attempt: failures, signal, onWait });
      }
    }
    return request('GET /v1/attachments/{id}', { path: { id: transfer.id() }, signal });
  }

  const closed = () => new ClientClosedError('The upload was ended');
  const done = run().catch((error) => {
    throw signal.aborted ? closed() : error;
  });
  // An app that ends the upload need not handle this.
  done.catch(() => undefined);
  return {
    get url() {
      return transfer.url;
    },
    done,
    pause: pause.start,
    resume: pause.end,
    async abort() {
      stop.abort(closed());
      await done.catch(() => undefined);
      await transfer.remove(stopped);
    },
  };
}

function createPause() {
  let interrupt = new AbortController();
  let paused: PromiseWithResolvers<void> | undefined;
  return {
    /** Aborted when the pause starts. */
    signal: () => interrupt.signal,
    start() {
      paused ??= Promise.withResolvers();
      interrupt.abort();
    },
    end() {
      if (!paused) return;
      interrupt = new AbortController();
      paused.resolve();
      paused = undefined;
    },
    /** Resolves at the end of the pause; throws when `signal` is aborted. */
    async wait(signal: AbortSignal): Promise<void> {
      const aborted = Promise.withResolvers<void>();
      const onAbort = () => aborted.resolve();
      signal.addEventListener('abort', onAbort, { once: true });
      if (paused && !signal.aborted) await Promise.race([paused.promise, aborted.promise]);
      signal.removeEventListener('abort', onAbort);
      signal.throwIfAborted();
    },
  };
}

/** Also after a conflict: another request of this upload has stored bytes, or still holds its lock. */
const canContinue = (error: unknown): boolean =>
  isTransient(error) || (error instanceof ProblemError && [409, 423].includes(error.status));
