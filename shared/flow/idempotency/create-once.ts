import { createHash } from 'node:crypto';
import type { Actor, Context, Once } from '@insightdesk/shared/context';
import { fromUuid, toUuid } from '@insightdesk/shared/contract';
import { afterCommit, sqlState, type Tx, withCommit } from '@insightdesk/shared/database';
import { AppError, serializeError } from '@insightdesk/shared/errors';
import { sql } from 'drizzle-orm';
import { IdempotencyErrors } from './errors.ts';
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
const IN_FLIGHT = 'ID003';
const KNOWN = 'ID004';
/** Stands in for the organisation of those who have none yet. */
const nobodys = fromUuid('org', '00000000-0000-0000-0000-000000000000');

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
  const seal = createSeal(ctx.sealer, 'idempotency', `${caller} ${key}`);
  const id = createHash('sha256').update(`${caller} ${key}`).digest('base64url');
  const tenantId = ctx.actor.kind === 'user' && ctx.tenantId ? ctx.tenantId : nobodys;
  const tenant = sql`${toUuid(tenantId)}::uuid`;
  const scope = tenantId === nobodys ? {} : { tenantId };
  const words = [...known];
  let isWhole = !isOpen;
  let isClaimed = false;
  let isRefused = false;

  const find = async () => {
    const query = sql`select * from app.find_request(${tenant}, ${id})`;
    const [kept] = await ctx.database.read(scope, (tx) => tx.execute(query));
    return kept as Kept | undefined;
  };
  const keep = (tx: Tx, result: unknown) => {
    const text = JSON.stringify(toAnswer(result));
    const answer = text.length > MAX_ANSWER ? null : seal.encrypt(text);
    withCommit(tx, tx.execute(sql`select app.keep_answer(${tenant}, ${id}, ${answer}::text)`));
  };

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
    claim(tx) {
      if (isClaimed || isRefused || !isWhole) return;
      const print = seal.print(words);
      const claim = sql`select app.claim_request(${tenant}, ${id}, ${print})`;
      const claiming = tx.execute(claim).execute();
      withCommit(tx, claiming);
      // What cleans up after that is not the request.
      claiming.catch((error) => {
        isRefused = wasTaken(error);
      });
      afterCommit(tx, () => {
        isClaimed = true;
      });
    },
    keep,
    async look() {
      if (isWhole && (await find())) throw new TakenBefore();
    },
    async settle(result) {
      if (!isClaimed) return;
      await ctx.database
        .write(scope, async (tx) => keep(tx, result))
        .catch((error) => ctx.log.error({ err: serializeError(error) }, 'once: answer not kept'));
    },
    async release(error) {
      // After any other failure nobody knows how far it came.
      if (!isClaimed || !(error instanceof AppError) || error.status >= 500) return;
      const forget = sql`select app.forget_request(${tenant}, ${id})`;
      await ctx.database
        .write(scope, async (tx) => withCommit(tx, tx.execute(forget)))
        .catch((failure) => ctx.log.error({ err: serializeError(failure) }, 'once: not released'));
    },
    async recall(error) {
      if (sqlState(error) === IN_FLIGHT) throw IdempotencyErrors.InFlight();
      if (!(error instanceof TakenBefore) && !wasTaken(error)) return undefined;
      const kept = await find();
      // Collected in this very moment, or released: the client may try again.
      if (!kept) throw IdempotencyErrors.InFlight();
      return answerOf(kept);
    },
  };
}

interface Kept {
  fingerprint: string;
  answer: string | null;
  answered: boolean;
  /** Begun a moment ago. */
  fresh: boolean;
}

const wasTaken = (error: unknown) => [IN_FLIGHT, KNOWN].includes(sqlState(error) ?? '');

/** A person stays the same over sessions. */
const callerOf = (actor: Actor) => (actor.kind === 'user' ? actor.userId : actor.kind);
