import { idSchema } from '@insightdesk/shared/contract';
import { attachmentView } from '@insightdesk/shared/domain/attachments';
import { conversationView, messageView } from '@insightdesk/shared/domain/conversations';
import { tenantEvents } from '@insightdesk/shared/domain/tenants';
import { userEvents } from '@insightdesk/shared/domain/users';
import { z } from 'zod';
import { webhookDisabled } from './events.ts';

const processed = z.object({ ...attachmentView.shape, conversationId: idSchema('cnv').nullable() });

/** What the staff of an organisation hears of, on its channel and by webhook: event to its data. */
export const publicEvents: Readonly<Record<string, z.ZodType>> = {
  'attachment.ready': processed,
  'attachment.rejected': processed,
  'conversation.created': conversationView,
  'conversation.updated': conversationView,
  'member.joined': userEvents.memberJoined.payload,
  'member.removed': userEvents.memberRemoved.payload,
  'member.updated': userEvents.memberUpdated.payload,
  'message.created': messageView,
  'organization.disabled': tenantEvents.organizationDisabled.payload,
  'organization.enabled': tenantEvents.organizationEnabled.payload,
  'webhook.disabled': webhookDisabled.payload,
};
