import { createHash } from 'node:crypto';
import type { Context } from '@insightdesk/shared/context';
import { afterCommit, sqlState, type Tx } from '@insightdesk/shared/database';
import { AppError } from '@insightdesk/shared/errors';
import { IdempotencyErrors } from './errors.ts';
import { createIdempotencyRow, type IdempotencyRow } from './idempotency-row.ts';
import { createResponseCipher } from './response-cipher.ts';

/** The response to the first request, as it is repeated. */
export interface StoredResponse {
  status: number;
  body: string | null;
  headers: Record<string, string>;
}

export interface IdempotentRequest {
  /** The value of the Idempotency-Key header. */
  key: string;
  /** Everything that distinguishes this request from another one with the same key. */
  fingerprint: string[];
  /** Parts of the fingerprint follow, such as the hash of a file; nothing is reserved before. */
  isIncomplete?: boolean;
}

/** Runs a repeated request once and answers it like the first. */
export interface Idempotency {
  /** Completes the fingerprint of an incomplete request. */
  addFingerprint(parts: readonly string[]): void;
  /** Sends the reservation with the first statements of a write; it fails when the key is taken. */
  reserve(tx: Tx): void;
  /** Stores the response in the transaction of the write. */
  store(tx: Tx, result: unknown): void;
  /** Throws when the key is taken, in a read that also checks the caller's access. */
  check(tx: Tx): Promise<void>;
  /** Stores the response after the transaction that reserved the key. */
  complete(result: unknown): Promise<void>;
  /** Releases the key of a request that was rejected after its reservation. */
  release(error: unknown): Promise<void>;
  /** The response to the first request, when `error` says that the key is taken. */
  findResponse(error: unknown): Promise<StoredResponse | undefined>;
}

/** Of a longer response only the fact is stored that there was one. */
const MAX_RESPONSE_LENGTH = 256 * 1024;
const visibleAscii = /^[\x21-\x7e]{1,255}$/;
const IN_FLIGHT = 'IDK01';
const KEY_TAKEN = 'IDK02';

/** Thrown by `check` for a key that is taken. */
class KeyTakenError extends Error {}

/** Makes one request of `ctx` idempotent per key and caller, for 24 hours. */
export function createIdempotency(
  ctx: Context,
  request: IdempotentRequest,
  toResponse: (result: unknown) => StoredResponse,
): Idempotency {
  const key = request.key.replace(/^"(.*)"$/, '$1');
  if (!visibleAscii.test(key)) throw IdempotencyErrors.KeyInvalid();
  const { tenantId, actor } = ctx;
  if (!tenantId || !('userId' in actor)) throw new Error('Only members have idempotency keys');
  // A user is the same caller in every session.
  const caller = JSON.stringify([tenantId, actor.userId]);
  const cipher = createResponseCipher(ctx.security.tokenCodec, 'idempotency', `${caller} ${key}`);
  const id = createHash('sha256').update(`${caller} ${key}`).digest('base64url');
  const row = createIdempotencyRow(ctx, tenantId, id);
  const parts = [...request.fingerprint];
  let isComplete = !request.isIncomplete;
  let isReserved = false;
  let isRejected = false;

  const encrypt = (result: unknown) => {
    const text = JSON.stringify(toResponse(result));
    return text.length > MAX_RESPONSE_LENGTH ? null : cipher.encrypt(text);
  };
  const logFailure = (error: unknown) =>
    ctx.log.error({ err: error }, 'idempotency: storing the outcome failed');

  function read({ fingerprint, response, completed, recent }: IdempotencyRow): StoredResponse {
    if (fingerprint !== cipher.fingerprint(parts)) throw IdempotencyErrors.KeyReused();
    if (!completed && recent) throw IdempotencyErrors.InFlight();
    const text = response === null ? undefined : cipher.decrypt(response);
    if (text === undefined) throw IdempotencyErrors.ResponseUnavailable();
    return JSON.parse(text) as StoredResponse;
  }

  return {
    addFingerprint(more) {
      parts.push(...more);
      isComplete = true;
    },
    reserve(tx) {
      if (isReserved || isRejected || !isComplete) return;
      const reserving = row.reserve(tx, cipher.fingerprint(parts));
      // Later writes that clean up are not the request.
      reserving.catch((error) => {
        isRejected = isKeyTaken(error);
      });
      afterCommit(tx, () => {
        isReserved = true;
      });
    },
    store: (tx, result) => row.store(tx, encrypt(result)),
    async check(tx) {
      if (isComplete && (await row.findIn(tx))) throw new KeyTakenError();
    },
    async complete(result) {
      if (isReserved) await row.storeAlone(encrypt(result)).catch(logFailure);
    },
    async release(error) {
      // After any other failure the outcome is unknown.
      if (!isReserved || !(error instanceof AppError) || error.status >= 500) return;
      await row.delete().catch(logFailure);
    },
    async findResponse(error) {
      if (sqlState(error) === IN_FLIGHT) throw IdempotencyErrors.InFlight();
      if (!(error instanceof KeyTakenError) && !isKeyTaken(error)) return undefined;
      const stored = await row.find();
      // Released or deleted meanwhile: the client may retry.
      if (!stored) throw IdempotencyErrors.InFlight();
      return read(stored);
    },
  };
}

const isKeyTaken = (error: unknown) => [IN_FLIGHT, KEY_TAKEN].includes(sqlState(error) ?? '');
