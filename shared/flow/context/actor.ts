import type {
  CustomRoleRestriction,
  Id,
  PermissionRestriction,
  Role,
} from '@insightdesk/shared/contract';
import type { VerifiedAccess } from '@insightdesk/shared/security';

/** A signed-in user. */
export interface UserActor {
  kind: 'user';
  userId: Id<'usr'>;
  role: Role;
  sessionId: Id<'ses'>;
  /** The user's custom role. */
  restriction?: CustomRoleRestriction | undefined;
  /** The organization's identity provider that authenticated the user: limits the session to it. */
  providerId?: Id<'idp'> | undefined;
  /** A method of customer sign-in created the session: limits it to its organization. */
  isContact?: boolean | undefined;
  /** The operator who impersonates this user. */
  operator?: string | undefined;
}

/** An API key. */
export interface ApiKeyActor {
  kind: 'apiKey';
  keyId: Id<'key'>;
  /** The user that the key writes as: one of its own, who cannot sign in. */
  userId: Id<'usr'>;
  role: Role;
  /** The secret that authenticated the request. */
  secretId: Id<'ses'>;
  restriction: PermissionRestriction;
}

/** A user or an API key of an organization. */
export type MemberActor = UserActor | ApiKeyActor;

/** Who acts: a member, a part of the system, or an unauthenticated client. */
export type Actor = MemberActor | { kind: 'system'; name: string } | { kind: 'anonymous' };

export const isMember = (actor: Actor): actor is MemberActor =>
  actor.kind === 'user' || actor.kind === 'apiKey';

/** The actor that an access token or an API key authenticates. */
export function toActor(access: VerifiedAccess): MemberActor {
  const { userId, role } = access;
  if (access.kind === 'apiKey') {
    const { keyId, sessionId: secretId, restriction } = access;
    return { kind: 'apiKey', keyId, userId, role, secretId, restriction };
  }
  const { sessionId, restriction, providerId, isContact, operator } = access;
  return { kind: 'user', userId, role, sessionId, restriction, providerId, isContact, operator };
}

/** The id that the database knows the actor's session, or the secret of its key, by. */
export const credentialIdOf = (actor: MemberActor): Id<'ses'> =>
  actor.kind === 'apiKey' ? actor.secretId : actor.sessionId;
