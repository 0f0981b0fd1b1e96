import { roles } from '@insightdesk/shared/context';
import { defineEvent } from '@insightdesk/shared/events';
import { idSchema } from '@insightdesk/shared/utils';
import { z } from 'zod';

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
  }),
);

export const memberJoined = defineEvent(
  'member.joined',
  z.object({ userId: idSchema('usr'), name: z.string(), role: z.enum(roles) }),
);

export const memberUpdated = defineEvent(
  'member.updated',
  z.object({ userId: idSchema('usr'), role: z.enum(roles) }),
);

export const memberRemoved = defineEvent('member.removed', z.object({ userId: idSchema('usr') }));

export const sessionRevoked = defineEvent(
  'session.revoked',
  z.object({ sessionId: idSchema('ses'), userId: idSchema('usr') }),
);
