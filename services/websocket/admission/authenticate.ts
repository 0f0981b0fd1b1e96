import { standingOf } from '@insightdesk/shared/context';
import type { SocketInput } from '@insightdesk/shared/contract';
import {
  ForbiddenError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';
import type { Access, Connection } from '../connection/connection.ts';
import type { Call } from '../connection/guard.ts';

const ATTEMPTS = 3;
const renewing = new WeakSet<Connection>();

/**
 * Renews a live socket: the same person in the same organisation and role, with a fresher token. It
 * is asked first and renewed then, one at a time: old and new session have to be live at a moment
 * after which nothing was heard that may end one of them. Where that is not so the socket is closed.
 */
export async function authenticate(
  { connection, acknowledge }: Call,
  { token }: SocketInput<'authenticate'>,
): Promise<void> {
  if (renewing.has(connection)) throw new TooManyRequestsError('Being renewed already');
  renewing.add(connection);
  try {
    const access = await connection.services.tokens.verifyAccess(token);
    if (access.operator) throw new ForbiddenError('Operators do not connect in others’ names');
    requireSamePerson(connection, access);
    await requireLive(connection, access);
    connection.renew(access);
    acknowledge({ expiresAt: new Date(access.expiresAt).toISOString() });
  } finally {
    renewing.delete(connection);
  }
}

function requireSamePerson(connection: Connection, access: Access): void {
  const { userId, tenantId } = connection.access;
  if (access.userId !== userId || access.tenantId !== tenantId) {
    throw new ForbiddenError('The token is of someone else; open another socket for it');
  }
  if (standingOf(access) === standingOf(connection.access)) return;
  // Its channels were opened by the role that it had.
  endSoon(connection, 'ACCESS_CHANGED');
  throw new ForbiddenError('The role is another by now; open another socket for it');
}

async function requireLive(connection: Connection, access: Access): Promise<void> {
  const { sessionRecords } = connection.services;
  for (let attempt = 1; attempt <= ATTEMPTS; attempt++) {
    const { doubts } = connection;
    try {
      await Promise.all([
        sessionRecords.require(connection.access),
        sessionRecords.require(access),
      ]);
    } catch (error) {
      if (error instanceof UnauthenticatedError) endSoon(connection, 'SESSION_ENDED');
      throw error;
    }
    if (connection.doubts === doubts) return;
  }
  endSoon(connection, 'SESSION_ENDED');
  throw new UnauthenticatedError('This session is in doubt', { code: 'SESSION_ENDED' });
}

/** In the next turn: the answer goes out before. */
function endSoon(connection: Connection, code: 'ACCESS_CHANGED' | 'SESSION_ENDED'): void {
  setImmediate(() => connection.end(code));
}
