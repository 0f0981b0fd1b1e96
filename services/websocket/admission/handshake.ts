import { ConflictError, ForbiddenError, type Problem, toProblem } from '@insightdesk/shared/errors';
import type { ReadAddress } from '@insightdesk/shared/http';
import { asTraceId, enterTrace } from '@insightdesk/shared/tracing';
import type { ExtendedError } from 'socket.io';
import { Connection, type Services } from '../connection/connection.ts';
import type { ServerSocket } from '../connection/typed-socket.ts';
import type { LiveSessions } from './live-sessions.ts';
import { readToken } from './read-token.ts';
import type { Seats } from './seats.ts';

interface HandshakeOptions {
  services: Services;
  liveSessions: Pick<LiveSessions, 'add' | 'delete'>;
  seats: Pick<Seats, 'take'>;
  /** The client's address, from the peer's and the headers. */
  readAddress: ReadAddress;
  /** Whose pages may come with the session's cookie. */
  origins: readonly string[];
}

/** The way in for every socket. */
export interface Handshake {
  /** Lets sockets with a live session in; others get a `connect_error` whose data is a problem. */
  welcome(socket: ServerSocket, next: (error?: ExtendedError) => void): void;
  /** The connection of a socket that was let in. */
  find(socket: ServerSocket): Connection | undefined;
  /** How many were turned away since the start, by reason. */
  refusals: ReadonlyMap<string, number>;
}

/** Builds the way in: token, seat, and a login session that is live now. */
export function createHandshake(options: HandshakeOptions): Handshake {
  const { services, liveSessions, seats } = options;
  const admitted = new WeakMap<ServerSocket, Connection>();
  const refusals = new Map<string, number>();

  async function admit(socket: ServerSocket): Promise<void> {
    const connection = await identify(socket, options);
    const { access, ip } = connection;
    const seat = seats.take({ userId: access.userId, tenantId: access.tenantId, ip });
    // Listening before asking: what ends in between is heard.
    liveSessions.add(connection);
    const forget = () => {
      seat.release();
      liveSessions.delete(connection);
    };
    socket.conn.once('close', forget);
    try {
      // It may have gone while its token was looked at.
      if (socket.conn.readyState === 'closed') throw new ConflictError('Gone already');
      await seat.confirm();
      await services.sessionRecords.require(access);
    } catch (error) {
      forget();
      throw error;
    }
    admitted.set(socket, connection);
  }

  function refuse(socket: ServerSocket, error: unknown): ExtendedError | undefined {
    const problem = toProblem(error, { requestId: Bun.randomUUIDv7() });
    const reason = reasonOf(problem);
    refusals.set(reason, (refusals.get(reason) ?? 0) + 1);
    if (problem.status < 500) return Object.assign(new Error(problem.detail), { data: problem });
    if (problem.status !== 503) {
      services.log.error({ err: error }, 'handshake failed');
    }
    // A client tries again by itself after a lost connection, but not after a refusal.
    socket.conn.close();
    return undefined;
  }

  return {
    refusals,
    find: (socket) => admitted.get(socket),
    welcome(socket, next) {
      const onFailure = (error: unknown) => {
        const refusal = refuse(socket, error);
        if (refusal) next(refusal);
      };
      const { headers } = socket.handshake;
      const said = (name: string) => headers[name]?.toString();
      const entry = {
        name: 'socket connect',
        kind: 'server',
        foreignParent: said('traceparent'),
        traceId: asTraceId(said('x-request-id')),
      } as const;
      enterTrace(entry, () => admit(socket)).then(() => next(), onFailure);
    },
  };
}

async function identify(
  socket: ServerSocket,
  { services, readAddress, origins }: HandshakeOptions,
): Promise<Connection> {
  const access = await services.tokens.verifyAccess(readToken(socket, origins));
  // It would show the person as present, and what is said on sockets is not audited.
  if (access.operator) throw new ForbiddenError('Operators do not connect in others’ names');
  const { address, headers } = socket.handshake;
  const ip = readAddress(address, (name) => headers[name.toLowerCase()]?.toString());
  return new Connection(socket, services, { access, ip });
}

/** Such as `TOKEN_EXPIRED`, or `TOO_MANY_CONNECTIONS/user`. */
function reasonOf({ status, code, errors: [limit] = [] }: Problem): string {
  return status === 429 && limit ? `${code}/${limit.path}` : code;
}
