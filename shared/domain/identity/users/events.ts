import { type Id, idSchema, roles } from '@insightdesk/shared/contract';
import { roleEvents } from '@insightdesk/shared/domain/identity/roles';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';
import { olderSessions } from './sessions/older-sessions.ts';

const forgets = [roleEvents.STAFF_TAG];

/** Whom it is about, with all that it says. */
const itself = {
  who: ({ userId }: { userId: Id<'usr'> }) => userId,
  sees: 'payload',
} as const;

export const organizationCreated = defineEvent(
  'organization.created',
  z.object({ name: z.string(), ownerId: idSchema('usr') }),
);

export const invitationCreated = defineEvent(
  'invitation.created',
  z.object({
    invitationId: idSchema('inv'),
    email: z.string(),
    role: z.enum(roles),
    organizationName: z.string(),
    inviterName: z.string(),
    /** Which time it is mailed, from 1. */
    sends: z.int().optional(),
  }),
);

/** A link is to be mailed, unless its address has had enough of them. */
export const accountLinkRequested = defineEvent(
  'account.link-requested',
  z.object({ linkId: idSchema('lnk'), isMuted: z.boolean() }),
);

/** A password was replaced: older sessions end, and the owner of a verified address is told. */
export const accountPasswordChanged = defineEvent(
  'account.password-changed',
  z.object({ ...olderSessions.shape, tell: z.string().nullable() }),
);

/** An address was verified; where it replaced another verified one, that one is told. */
export const accountEmailChanged = defineEvent(
  'account.email-changed',
  z.object({ userId: idSchema('usr'), email: z.string(), formerly: z.string().nullable() }),
);

export const memberJoined = defineEvent(
  'member.joined',
  z.object({ userId: idSchema('usr'), name: z.string(), role: z.enum(roles) }),
  { staff: 'payload', webhooks: true, forgets },
);

export const memberUpdated = defineEvent(
  'member.updated',
  z.object({
    userId: idSchema('usr'),
    role: z.enum(roles),
    roleId: idSchema('rol').nullable().optional(),
  }),
  { staff: 'payload', person: itself, webhooks: true, forgets },
);

export const memberRemoved = defineEvent('member.removed', z.object({ userId: idSchema('usr') }), {
  staff: 'payload',
  person: itself,
  webhooks: true,
  forgets,
});

export const sessionRevoked = defineEvent(
  'session.revoked',
  z.object({ sessionId: idSchema('ses'), userId: idSchema('usr') }),
  { person: itself },
);

/** Somebody signed in, or came in by an invitation. */
export const sessionCreated = defineEvent(
  'session.opened',
  z.object({ sessionId: idSchema('ses'), userId: idSchema('usr') }),
);

/** Somebody tried to sign in as this member; told once a minute, however often it is tried. */
export const signInFailed = defineEvent('sign-in.failed', z.object({ userId: idSchema('usr') }));

/** An operator acts in a member's name, until then at most. */
export const impersonationStarted = defineEvent(
  'impersonation.started',
  z.object({
    userId: idSchema('usr'),
    sessionId: idSchema('ses'),
    operator: z.string(),
    reason: z.string(),
    until: z.iso.datetime(),
  }),
  { staff: 'payload' },
);

export const impersonationEnded = defineEvent(
  'impersonation.ended',
  z.object({ userId: idSchema('usr'), sessionId: idSchema('ses') }),
  { staff: 'payload' },
);
