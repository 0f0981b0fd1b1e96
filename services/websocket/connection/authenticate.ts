import { authorizationVersionOf } from '@insightdesk/shared/context';
import type { SocketInput } from '@insightdesk/shared/contract';
import {
  ForbiddenError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';
import { type Access, verifyHolder } from '../sessions/access.ts';
import type { Connection } from './connection.ts';
import type { Call } from './dispatcher.ts';

const renewing = new WeakSet<Connection>();

/**
 * Renews the token of a live socket: the same user in the same organization with the same role. The
 * old and the new session must both be valid at one generation; otherwise the socket is closed.
 */
export async function authenticate(
  { connection, acknowledge }: Call,
  { token }: SocketInput<'authenticate'>,
): Promise<void> {
  if (renewing.has(connection)) throw new TooManyRequestsError('Another renewal is in progress');
  renewing.add(connection);
  try {
    const access = await connection.services.tokens.verifyAccess(token);
    if (access.operator) throw new ForbiddenError('Operators cannot open sockets as another user');
    requireSameUser(connection, access);
    connection.renew(access, await verifyBoth(connection, access));
    acknowledge({ expiresAt: new Date(access.expiresAt).toISOString() });
  } finally {
    renewing.delete(connection);
  }
}

function requireSameUser(connection: Connection, access: Access): void {
  const { userId, tenantId } = connection.access;
  if (access.userId !== userId || access.tenantId !== tenantId) {
    throw new ForbiddenError('The token belongs to another user; open another socket for it');
  }
  if (authorizationVersionOf(access) === authorizationVersionOf(connection.access)) return;
  // Its channels were authorized for the former role.
  endSoon(connection, 'ACCESS_CHANGED');
  throw new ForbiddenError('The role has changed; open another socket with this token');
}

async function verifyBoth(connection: Connection, access: Access): Promise<number> {
  try {
    const { sessions } = connection.services;
    return await verifyHolder(sessions, connection, [connection.access, access]);
  } catch (error) {
    if (error instanceof UnauthenticatedError) endSoon(connection, 'SESSION_ENDED');
    throw error;
  }
}

/** In the next turn of the event loop, so that the acknowledgement is sent first. */
function endSoon(connection: Connection, code: 'ACCESS_CHANGED' | 'SESSION_ENDED'): void {
  setImmediate(() => connection.end(code));
}
