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

/** The actor of an event and its address, as the audit log stores them. */
export interface Origin {
  actor: RecordedActor;
  ip?: string;
  userAgent?: string;
}

const MAX_USER_AGENT_LENGTH = 300;

/**
 * The origin to store with an event: of audited events, and of all events that an operator causes
 * while impersonating a user. Other events have none, to save space.
 */
export function originOf(
  { audit }: { audit: unknown },
  { actor, ip, userAgent }: Partial<Pick<Context, 'actor' | 'ip' | 'userAgent'>>,
): Origin | undefined {
  if (!actor || (!audit && !isImpersonated(actor))) return undefined;
  return {
    actor: toRecordedActor(actor),
    ...(ip && { ip }),
    ...(userAgent && { userAgent: userAgent.slice(0, MAX_USER_AGENT_LENGTH).toWellFormed() }),
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

const MAX_DEPTH = 2;

/** The ids in a payload, which the audit log stores of events that are not audited by themselves. */
export function idsIn(payload: unknown, depth = 0): Record<string, unknown> {
  if (typeof payload !== 'object' || payload === null || Array.isArray(payload)) return {};
  const ids: Record<string, unknown> = {};
  for (const [name, value] of Object.entries(payload)) {
    if (typeof value === 'string' && (name === 'id' || name.endsWith('Id'))) ids[name] = value;
    else if (depth < MAX_DEPTH) {
      const inner = idsIn(value, depth + 1);
      if (Object.keys(inner).length > 0) ids[name] = inner;
    }
  }
  return ids;
}
