import { idSchema, roles } from '@insightdesk/shared/contract';
import { roleEvents } from '@insightdesk/shared/domain/identity/roles';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

const invalidates = [roleEvents.STAFF_TAG];

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
    /** The number of this email, from 1. */
    sendCount: z.int().optional(),
  }),
);

export const memberJoined = defineEvent(
  'member.joined',
  z.object({ userId: idSchema('usr'), name: z.string(), role: z.enum(roles) }),
  { staff: 'payload', webhooks: true, invalidates },
);

export const memberUpdated = defineEvent(
  'member.updated',
  z.object({
    userId: idSchema('usr'),
    role: z.enum(roles),
    roleId: idSchema('rol').nullable().optional(),
  }),
  {
    staff: 'payload',
    recipient: { userId: ({ userId }) => userId, view: 'payload' },
    webhooks: true,
    invalidates,
  },
);

export const memberRenamed = defineEvent(
  'member.renamed',
  z.object({ userId: idSchema('usr'), name: z.string() }),
  {
    staff: 'payload',
    recipient: { userId: ({ userId }) => userId, view: 'payload' },
    webhooks: true,
    invalidates,
  },
);

export const memberRemoved = defineEvent('member.removed', z.object({ userId: idSchema('usr') }), {
  staff: 'payload',
  recipient: { userId: ({ userId }) => userId, view: 'payload' },
  webhooks: true,
  invalidates,
});
