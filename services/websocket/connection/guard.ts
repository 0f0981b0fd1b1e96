import { requireCan } from '@insightdesk/shared/context';
import type { Permission } from '@insightdesk/shared/contract';
import { DomainNotFoundError, TooManyRequestsError, toProblem } from '@insightdesk/shared/errors';
import type { z } from 'zod';
import { actorOf, type Connection } from './connection.ts';
import { requireShallow } from './shallow.ts';
import { createTokenBucket, type TokenBucketOptions } from './token-bucket.ts';

/** One thing a client asks for. */
export interface Call {
  connection: Connection;
  requestId: string;
  /** Answers `{ ok: true, ...answer }`; only the first answer of a call goes out. */
  acknowledge(answer: object): void;
}

export interface Handler {
  (call: Call, raw: unknown): Promise<void>;
  /** What its caller must be allowed to do. */
  readonly permission: Permission;
}

/** Describes what a client may emit: who may, its payload, and what is done about it. */
export function defineHandler<I extends z.ZodType>(
  permission: Permission,
  input: I,
  run: (call: Call, input: z.output<I>) => Promise<void>,
): Handler {
  const handle = async (call: Call, raw: unknown) => {
    requireCan(actorOf(call.connection.access), permission);
    requireShallow(raw);
    await run(call, input.parse(raw));
  };
  return Object.assign(handle, { permission });
}

const MAX_PENDING = 1_000;

/**
 * The only way from a socket to the handlers. Whatever arrives is counted, validated, carried out
 * and acknowledged; whatever is thrown becomes `{ ok: false, error: problem }`. Nothing escapes: an
 * exception in a socket's listener would end the process.
 */
export function guard(
  connection: Connection,
  handlers: Readonly<Record<string, Handler>>,
  rateLimit: TokenBucketOptions | undefined,
): void {
  const turnstile = { take: rateLimit && createTokenBucket(rateLimit), pending: 0 };
  connection.socket.use(([event, ...args]) => {
    if (!connection.socket.connected) return;
    const name = String(event);
    const answer = once(args.at(-1));
    const requestId = Bun.randomUUIDv7();
    const acknowledge = (value: object) => answer({ ok: true, ...value });
    const call: Call = { connection, requestId, acknowledge };
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    pass(turnstile, call, handler, { name, raw: args[0] }).catch((error: unknown) => {
      answer({ ok: false, error: onFailure(call, name, error) });
    });
  });
}

interface Turnstile {
  take: (() => boolean) | undefined;
  pending: number;
}

async function pass(
  turnstile: Turnstile,
  call: Call,
  handler: Handler | undefined,
  { name, raw }: { name: string; raw: unknown },
): Promise<void> {
  const isFree = turnstile.take?.() ?? true;
  if (!isFree || turnstile.pending >= MAX_PENDING) throw new TooManyRequestsError();
  if (!handler) throw new DomainNotFoundError(`Nothing is called ${name.slice(0, 40)}`);
  turnstile.pending++;
  await handler(call, raw).finally(() => turnstile.pending--);
}

function onFailure({ requestId, connection }: Call, name: string, error: unknown) {
  const problem = toProblem(error, { requestId });
  // Unavailable is told by whoever is not there; a line per socket would say no more.
  if (problem.status < 500 || problem.status === 503) return problem;
  const { userId, tenantId } = connection.access;
  const context = { requestId, tenantId, actor: userId, err: error };
  connection.services.log.error(context, `socket: ${name.slice(0, 40)} failed`);
  return problem;
}

function once(acknowledgement: unknown): (answer: object) => void {
  let isOpen = typeof acknowledgement === 'function';
  return (answer) => {
    if (isOpen) (acknowledgement as (answer: object) => void)(answer);
    isOpen = false;
  };
}
