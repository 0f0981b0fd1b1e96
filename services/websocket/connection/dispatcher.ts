import { requireCan, toActor } from '@insightdesk/shared/context';
import type { Permission } from '@insightdesk/shared/contract';
import {
  DomainNotFoundError,
  DomainValidationError,
  TooManyRequestsError,
  toProblem,
} from '@insightdesk/shared/errors';
import { startTrace } from '@insightdesk/shared/tracing';
import type { z } from 'zod';
import type { Connection } from './connection.ts';
import { createTokenBucket, type TokenBucketOptions } from './token-bucket.ts';

/** One call of a client. */
export interface Call {
  connection: Connection;
  requestId: string;
  /** Answers `{ ok: true, ...result }`; only the first acknowledgement of a call is sent. */
  acknowledge(result: object): void;
}

export interface Handler {
  (call: Call, raw: unknown): Promise<void>;
  readonly permission: Permission;
}

/** Describes an event that a client may emit: the permission, its payload and its handler. */
export function defineHandler<I extends z.ZodType>(
  permission: Permission,
  input: I,
  run: (call: Call, input: z.output<I>) => Promise<void>,
): Handler {
  const handle = async (call: Call, raw: unknown) => {
    requireCan(toActor(call.connection.access), permission);
    requireMaxDepth(raw);
    await run(call, input.parse(raw));
  };
  return Object.assign(handle, { permission });
}

const MAX_PENDING = 1_000;

/**
 * The only path from a socket to the handlers. Every event is counted, validated, handled and
 * acknowledged; an error becomes `{ ok: false, error: problem }`. An exception in a socket's
 * listener would end the process.
 */
export function dispatchCalls(
  connection: Connection,
  handlers: Readonly<Record<string, Handler>>,
  rateLimit: TokenBucketOptions | undefined,
): void {
  const limiter = { take: rateLimit && createTokenBucket(rateLimit), pending: 0 };
  connection.socket.use(([event, ...args]) => {
    if (!connection.socket.connected) return;
    const name = String(event);
    const respond = once(args.at(-1));
    const requestId = Bun.randomUUIDv7();
    const acknowledge = (result: object) => respond({ ok: true, ...result });
    const call: Call = { connection, requestId, acknowledge };
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    const entry = { name: handler ? `socket ${name}` : 'socket unknown', kind: 'server' } as const;
    const request = { name, raw: args[0] };
    startTrace(entry, () => dispatch(limiter, call, handler, request)).catch((error: unknown) => {
      respond({ ok: false, error: toSocketProblem(call, name, error) });
    });
  });
}

interface Limiter {
  take: (() => boolean) | undefined;
  pending: number;
}

async function dispatch(
  limiter: Limiter,
  call: Call,
  handler: Handler | undefined,
  { name, raw }: { name: string; raw: unknown },
): Promise<void> {
  const isAllowed = limiter.take?.() ?? true;
  if (!isAllowed || limiter.pending >= MAX_PENDING) throw new TooManyRequestsError();
  if (!handler) throw new DomainNotFoundError(`Unknown event ${name.slice(0, 40)}`);
  limiter.pending++;
  await handler(call, raw).finally(() => limiter.pending--);
}

function toSocketProblem({ requestId, connection }: Call, name: string, error: unknown) {
  const problem = toProblem(error, { requestId });
  // The unavailable dependency is logged by its own client: a line per socket adds nothing.
  if (problem.status < 500 || problem.status === 503) return problem;
  const { userId, tenantId } = connection.access;
  const context = { requestId, tenantId, actor: userId, err: error };
  connection.services.log.error(context, `realtime: ${name.slice(0, 40)} failed`);
  return problem;
}

function once(acknowledgement: unknown): (answer: object) => void {
  let isOpen = typeof acknowledgement === 'function';
  return (answer) => {
    if (isOpen) (acknowledgement as (answer: object) => void)(answer);
    isOpen = false;
  };
}

/** Far more levels than any valid payload has. */
const MAX_DEPTH = 64;

/** Throws 422 for a payload nested so deeply that recursive code would overflow the stack. */
function requireMaxDepth(payload: unknown): void {
  let level = [payload];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > MAX_DEPTH) {
      const errors = [{ path: '', message: `At most ${MAX_DEPTH} levels` }];
      throw new DomainValidationError('The payload is nested too deeply', { errors });
    }
    level = level.flatMap((value) =>
      typeof value === 'object' && value !== null ? Object.values(value) : [],
    );
  }
}
