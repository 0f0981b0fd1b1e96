import { idSchema } from '@insightdesk/shared/contract';
import { attachmentView } from '@insightdesk/shared/domain/desk/attachments';
import { defineEvent, viewOf } from '@insightdesk/shared/events';
import { z } from 'zod';
import { mediaView } from './view.ts';

/** A retry was requested. */
export const mediaRequested = defineEvent(
  'recording.requested',
  z.object({ attachmentId: idSchema('att') }),
  { audit: false },
);

const conversationId = idSchema('cnv').nullable();

const processed = z.object({
  conversationId,
  /** The only customer who may see it; null when only staff may. */
  customerId: idSchema('usr').nullable(),
  uploadedBy: idSchema('usr'),
  recording: mediaView,
  attachment: attachmentView,
});

type Processed = z.output<typeof processed>;

const withConversation = viewOf(
  mediaView.extend({ attachment: attachmentView, conversationId }),
  ({ recording, attachment, conversationId }: Processed) => ({
    ...recording,
    attachment,
    conversationId,
  }),
);

/** The uploader, until a message claims the attachment; then those who see the message. */
const audience = {
  conversation: ({ conversationId, customerId }: Processed) =>
    conversationId === null ? undefined : { conversationId, customerId },
  staff: withConversation,
  customer: withConversation,
  recipient: {
    userId: ({ conversationId, uploadedBy }: Processed) =>
      conversationId === null ? uploadedBy : undefined,
    view: withConversation,
  },
  webhooks: true,
  audit: false,
} as const;

/** The converted files are stored as variants of the attachment. */
export const mediaPrepared = defineEvent('recording.prepared', processed, audience);

/** Processing failed until it is retried; the attachment is unchanged. */
export const mediaFailed = defineEvent('recording.failed', processed, audience);
