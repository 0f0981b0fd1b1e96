import { ConflictError, ForbiddenError, type Problem, toProblem } from '@insightdesk/shared/errors';
import type { ReadAddress } from '@insightdesk/shared/http';
import { startTrace, toTraceId } from '@insightdesk/shared/tracing';
import type { ExtendedError } from 'socket.io';
import { Connection } from '../connection/connection.ts';
import type { ServerSocket, Services } from '../connection/services.ts';
import { verifyHolder } from '../sessions/access.ts';
import type { RevocationWatcher } from '../sessions/revocation-watcher.ts';
import type { ConnectionLimits } from './connection-limits.ts';
import { readToken } from './read-token.ts';

interface HandshakeOptions {
  services: Services;
  watcher: Pick<RevocationWatcher, 'add' | 'delete'>;
  connectionLimits: Pick<ConnectionLimits, 'reserve'>;
  readAddress: ReadAddress;
  /** The pages that may connect with the session's cookie. */
  origins: readonly string[];
}

/** Creates the handshake: token, connection limits, then a session that is valid now. */
export function createHandshake(options: HandshakeOptions) {
  const { services, watcher, connectionLimits } = options;
  const accepted = new WeakMap<ServerSocket, Connection>();
  const rejections = new Map<string, number>();

  async function accept(socket: ServerSocket): Promise<void> {
    const connection = await readConnection(socket, options);
    const { access, ip } = connection;
    services.userLimits?.requireNotBlocked(access);
    const slot = connectionLimits.reserve({ userId: access.userId, tenantId: access.tenantId, ip });
    // Before the session is verified: a revocation in between is seen by the watcher.
    watcher.add(connection);
    const release = () => {
      slot.release();
      watcher.delete(connection);
    };
    socket.conn.once('close', release);
    try {
      if (socket.conn.readyState === 'closed') throw new ConflictError('Connection closed');
      await slot.confirm();
      connection.confirm(await verifyHolder(services.sessions, connection, [access]));
    } catch (error) {
      release();
      throw error;
    }
    accepted.set(socket, connection);
  }

  function reject(socket: ServerSocket, error: unknown): ExtendedError | undefined {
    const problem = toProblem(error, { requestId: Bun.randomUUIDv7() });
    const reason = reasonOf(problem);
    rejections.set(reason, (rejections.get(reason) ?? 0) + 1);
    if (problem.status < 500) return Object.assign(new Error(problem.detail), { data: problem });
    if (problem.status !== 503) {
      services.log.error({ err: error }, 'realtime: handshake failed');
    }
    // Clients reconnect by themselves after a lost connection, but not after a rejection.
    socket.conn.close();
    return undefined;
  }

  return {
    /** Rejected sockets since the start, by reason. */
    rejections: rejections as ReadonlyMap<string, number>,
    find: (socket: ServerSocket) => accepted.get(socket),
    /** Accepts sockets with a valid session; others get a `connect_error` whose data is a problem. */
    run(socket: ServerSocket, next: (error?: ExtendedError) => void): void {
      const onFailure = (error: unknown) => {
        const rejection = reject(socket, error);
        if (rejection) next(rejection);
      };
      const { headers } = socket.handshake;
      const header = (name: string) => headers[name]?.toString();
      const entry = {
        name: 'socket connect',
        kind: 'server',
        untrustedParent: header('traceparent'),
        traceId: toTraceId(header('x-request-id')),
      } as const;
      startTrace(entry, () => accept(socket)).then(() => next(), onFailure);
    },
  };
}

async function readConnection(
  socket: ServerSocket,
  { services, readAddress, origins }: HandshakeOptions,
): Promise<Connection> {
  const access = await services.tokens.verifyAccess(readToken(socket, origins));
  // The socket would show the user as present, and calls on sockets are not audited.
  if (access.operator) throw new ForbiddenError('Operators cannot open sockets as another user');
  const { address, headers } = socket.handshake;
  const ip = readAddress(address, (name) => headers[name.toLowerCase()]?.toString());
  return new Connection(socket, services, { access, ip });
}

/** For example `TOKEN_EXPIRED`, or `TOO_MANY_CONNECTIONS/user`. */
function reasonOf({ status, code, errors: [limit] = [] }: Problem): string {
  return status === 429 && limit ? `${code}/${limit.path}` : code;
}
