import type { Actor, Context } from '@insightdesk/shared/context';
import type { Id, Permission, Role } from '@insightdesk/shared/contract';

/** The actor as audit entries store it: an API key as the user that it writes as, with a grant. */
export type RecordedActor =
  | Exclude<Actor, { kind: 'user' | 'apiKey' }>
  | {
      kind: 'user';
      userId: Id<'usr'>;
      role: Role;
      sessionId: Id<'ses'>;
      grant?: { permissions: readonly Permission[] } & (
        | { via: 'custom'; id: Id<'rol'>; version: number }
        | { via: 'key'; id: Id<'key'> }
      );
      operator?: string | undefined;
    };

/** Who did something, and from where, as it is kept for the audit log. */
export interface Origin {
  actor: RecordedActor;
  ip?: string;
  userAgent?: string;
}

const TEXT_LENGTH = 300;

/**
 * The origin that is written with an event: of what is audited, and of all that an operator does in
 * somebody's name. Other events carry none, so that they cost no more.
 */
export function originOf(
  { audit }: { audit: unknown },
  { actor, ip, userAgent }: Partial<Pick<Context, 'actor' | 'ip' | 'userAgent'>>,
): Origin | undefined {
  if (!actor || (!audit && !isImpersonated(actor))) return undefined;
  return {
    actor: toRecordedActor(actor),
    ...(ip && { ip }),
    ...(userAgent && { userAgent: userAgent.slice(0, TEXT_LENGTH).toWellFormed() }),
  };
}

function toRecordedActor(actor: Actor): RecordedActor {
  if (actor.kind === 'apiKey') {
    const { userId, role, secretId: sessionId, keyId, restriction } = actor;
    const grant = { via: 'key', id: keyId, permissions: restriction.permissions } as const;
    return { kind: 'user', userId, role, sessionId, grant };
  }
  if (actor.kind !== 'user') return actor;
  const { restriction, ...user } = actor;
  if (!restriction) return user;
  const { roleId: id, version, permissions } = restriction;
  return { ...user, grant: { via: 'custom', id, version, permissions } };
}

const isImpersonated = (actor: Actor) => actor.kind === 'user' && actor.operator !== undefined;

const DEPTH = 2;

/** The ids that a payload speaks of: what the audit log says of an event that is not for it. */
export function idsIn(payload: unknown, depth = 0): Record<string, unknown> {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return {};
  const ids: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === 'string' && (name === 'id' || name.endsWith('Id'))) ids[name] = value;
    else if (depth < DEPTH) {
      const inner = idsIn(value, depth + 1);
      if (Object.keys(inner).length > 0) ids[name] = inner;
    }
  }
  return ids;
}
