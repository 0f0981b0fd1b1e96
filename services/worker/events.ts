import { attachmentEvents } from '@insightdesk/shared/domain/attachments';
import { conversationEvents } from '@insightdesk/shared/domain/conversations';
import { notificationEvents } from '@insightdesk/shared/domain/notifications';
import { tenantEvents } from '@insightdesk/shared/domain/tenants';
import { userEvents } from '@insightdesk/shared/domain/users';
import { webhookEvents } from '@insightdesk/shared/domain/webhooks';
import { catalogOf } from '@insightdesk/shared/events';

/** Every event as it is recorded today. */
export const events = catalogOf(
  tenantEvents,
  userEvents,
  attachmentEvents,
  conversationEvents,
  notificationEvents,
  webhookEvents,
);
