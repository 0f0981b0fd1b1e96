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
import { closeSocket } from './close-socket.ts';
import type { Connection } from './connection.ts';
import { createTokenBucket } from './token-bucket.ts';
import type { CallLimits } from './user-limits.ts';

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
const tooManyCalls = {
  code: 'TOO_MANY_REQUESTS',
  detail: 'The socket sent too many calls; connect again later',
} as const;

/**
 * The only path from a socket to the handlers. Every event is counted, validated, handled and
 * acknowledged; an error becomes `{ ok: false, error: problem }`. Above the limits only the first
 * call is acknowledged, and a socket that goes on is closed. An exception in a socket's listener
 * would end the process.
 */
export function dispatchCalls(
  connection: Connection,
  handlers: Readonly<Record<string, Handler>>,
  limits: CallLimits | undefined,
): void {
  const limiter = limits && createLimiter(connection, limits);
  const pending = { count: 0 };
  connection.socket.use(([event, ...args]) => {
    if (!connection.socket.connected) return;
    const name = String(event);
    const respond = once(args.at(-1));
    if (limiter && !limiter.take(respond)) return;
    const requestId = Bun.randomUUIDv7();
    const acknowledge = (result: object) => respond({ ok: true, ...result });
    const call: Call = { connection, requestId, acknowledge };
    const handler = Object.hasOwn(handlers, name) ? handlers[name] : undefined;
    const entry = { name: handler ? `socket ${name}` : 'socket unknown', kind: 'server' } as const;
    const request = { name, raw: args[0] };
    startTrace(entry, () => dispatch(pending, call, handler, request)).catch((error: unknown) => {
      respond({ ok: false, error: toSocketProblem(call, name, error) });
    });
  });
}

/** Limits the calls of one socket, and those of its user on this replica. */
function createLimiter(connection: Connection, { calls, refusals }: CallLimits) {
  const own = createTokenBucket(calls);
  const refused = createTokenBucket(refusals);
  let isAnswered = false;
  return {
    take(respond: (answer: object) => void): boolean {
      const user = connection.services.userLimits?.of(connection.access);
      const isAllowed = own.take() && user?.calls.take() !== false;
      if (!isAllowed && !isAnswered) {
        respond({
          ok: false,
          error: toProblem(new TooManyRequestsError(), { requestId: Bun.randomUUIDv7() }),
        });
      }
      isAnswered = !isAllowed;
      if (isAllowed || refused.take()) return isAllowed;
      user?.block();
      closeSocket(connection, tooManyCalls);
      return false;
    },
  };
}

async function dispatch(
  pending: { count: number },
  call: Call,
  handler: Handler | undefined,
  { name, raw }: { name: string; raw: unknown },
): Promise<void> {
  if (pending.count >= MAX_PENDING) throw new TooManyRequestsError();
  if (!handler) throw new DomainNotFoundError(`Unknown event ${name.slice(0, 40)}`);
  pending.count++;
  await handler(call, raw).finally(() => pending.count--);
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
