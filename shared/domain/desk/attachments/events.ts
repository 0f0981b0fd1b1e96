import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent, viewOf } from '@insightdesk/shared/events';
import { z } from 'zod';
import { filePolicyView } from './uploads/file-policy.ts';
import { attachmentView } from './view.ts';

export const attachmentUploaded = defineEvent(
  'attachment.uploaded',
  z.object({ attachmentId: idSchema('att'), contentType: z.string() }),
  { audit: false },
);

/** Its rows were deleted; a job deletes its files. */
export const attachmentDeleted = defineEvent(
  'attachment.deleted',
  z.object({ attachmentId: idSchema('att') }),
  { audit: false },
);

export const filePolicyUpdated = defineEvent('file-policy.updated', filePolicyView, {
  staff: 'payload',
});

const conversationId = idSchema('cnv').nullable();

const processed = z.object({
  conversationId,
  /** The only customer who may see it; null when only staff may. */
  customerId: idSchema('usr').nullable(),
  uploadedBy: idSchema('usr'),
  attachment: attachmentView,
});

type Processed = z.output<typeof processed>;

const withConversation = viewOf(
  attachmentView.extend({ conversationId }),
  ({ attachment, conversationId }: Processed) => ({ ...attachment, conversationId }),
);

/** The uploader, until a message claims it; then those who see the message. */
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

/** The check passed and its variants are stored. */
export const attachmentReady = defineEvent('attachment.ready', processed, audience);

export const attachmentRejected = defineEvent('attachment.rejected', processed, audience);
