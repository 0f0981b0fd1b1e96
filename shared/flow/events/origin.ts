import type { Actor, Context } from '@insightdesk/shared/context';

/** Who did something, and from where, as it is kept for the audit log. */
export interface Origin {
  actor: Actor;
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
    actor,
    ...(ip && { ip }),
    ...(userAgent && { userAgent: userAgent.slice(0, TEXT_LENGTH).toWellFormed() }),
  };
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
