import { createHash } from 'node:crypto';
import { type Actor, type Context, isMember, type Once } from '@insightdesk/shared/context';
import { afterCommit, sqlState } from '@insightdesk/shared/database';
import { AppError } from '@insightdesk/shared/errors';
import { IdempotencyErrors } from './errors.ts';
import { type Kept, keptAnswer } from './kept-answer.ts';
import { createSeal } from './seal.ts';

/** An answer as it is given again. */
export interface KeptAnswer {
  status: number;
  body: string | null;
  headers: Record<string, string>;
}

/** What a client sends to be answered once. */
export interface KeyedRequest {
  /** The value of the Idempotency-Key header. */
  key: string;
  /** Everything that makes another request another one. */
  words: string[];
  /** More words come once they are known, such as the hash of a file; nothing is claimed before. */
  isOpen?: boolean;
}

export interface KeyedOnce extends Once {
  /** What was answered to the first of these requests, when that is what `error` says. */
  recall(error: unknown): Promise<KeptAnswer | undefined>;
}

/** Longer answers are not kept, only that there was one. */
const MAX_ANSWER = 256 * 1024;
const visible = /^[\x21-\x7e]{1,255}$/;
const IN_FLIGHT = 'IDK01';
const KNOWN = 'IDK02';

/** Thrown where the request turns out to have been taken before. */
class TakenBefore extends Error {}

/** Has what `ctx` does for one request done once per key and caller, for 24 hours. */
export function createOnce(
  ctx: Context,
  { key: given, words: known, isOpen = false }: KeyedRequest,
  toAnswer: (result: unknown) => KeptAnswer,
): KeyedOnce {
  const key = given.replace(/^"(.*)"$/, '$1');
  if (!visible.test(key)) throw IdempotencyErrors.KeyInvalid();
  const caller = JSON.stringify([ctx.tenantId, callerOf(ctx.actor)]);
  const seal = createSeal(ctx.security.tokenCodec, 'idempotency', `${caller} ${key}`);
  const id = createHash('sha256').update(`${caller} ${key}`).digest('base64url');
  const row = keptAnswer(ctx.database, isMember(ctx.actor) ? ctx.tenantId : undefined, id);
  const words = [...known];
  let isWhole = !isOpen;
  let isClaimed = false;
  let isRefused = false;

  const sealed = (result: unknown) => {
    const text = JSON.stringify(toAnswer(result));
    return text.length > MAX_ANSWER ? null : seal.encrypt(text);
  };
  const inVain = (error: unknown) =>
    ctx.log.error({ err: error }, 'once: the outcome was not kept');

  function answerOf({ fingerprint, answer, answered, fresh }: Kept): KeptAnswer {
    if (fingerprint !== seal.print(words)) throw IdempotencyErrors.KeyReused();
    if (!answered && fresh) throw IdempotencyErrors.InFlight();
    const text = answer === null ? undefined : seal.decrypt(answer);
    if (text === undefined) throw IdempotencyErrors.AnswerGone();
    return JSON.parse(text) as KeptAnswer;
  }

  return {
    add(more) {
      words.push(...more);
      isWhole = true;
    },
    reserve(tx) {
      if (isClaimed || isRefused || !isWhole) return;
      const claiming = row.claim(tx, seal.print(words));
      // What cleans up after that is not the request.
      claiming.catch((error) => {
        isRefused = wasTaken(error);
      });
      afterCommit(tx, () => {
        isClaimed = true;
      });
    },
    store: (tx, result) => row.keep(tx, sealed(result)),
    async look(tx) {
      if (isWhole && (await row.findIn(tx))) throw new TakenBefore();
    },
    async settle(result) {
      if (isClaimed) await row.keepLater(sealed(result)).catch(inVain);
    },
    async release(error) {
      // After any other failure nobody knows how far it came.
      if (!isClaimed || !(error instanceof AppError) || error.status >= 500) return;
      await row.forget().catch(inVain);
    },
    async recall(error) {
      if (sqlState(error) === IN_FLIGHT) throw IdempotencyErrors.InFlight();
      if (!(error instanceof TakenBefore) && !wasTaken(error)) return undefined;
      const kept = await row.find();
      // Collected in this very moment, or released: the client may try again.
      if (!kept) throw IdempotencyErrors.InFlight();
      return answerOf(kept);
    },
  };
}

const wasTaken = (error: unknown) => [IN_FLIGHT, KNOWN].includes(sqlState(error) ?? '');

/** A person stays the same over sessions. */
const callerOf = (actor: Actor) => (isMember(actor) ? actor.userId : actor.kind);
