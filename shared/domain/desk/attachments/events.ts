import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent, sees } from '@insightdesk/shared/events';
import { z } from 'zod';
import { filePolicyView } from './uploads/file-policy.ts';
import { attachmentView } from './view.ts';

export const attachmentUploaded = defineEvent(
  'attachment.uploaded',
  z.object({ attachmentId: idSchema('att'), contentType: z.string() }),
  { audit: false },
);

/** Its row is gone, or it never got one; its files are to follow. */
export const attachmentDeleted = defineEvent(
  'attachment.discarded',
  z.object({ attachmentId: idSchema('att') }),
  { audit: false },
);

export const filePolicyUpdated = defineEvent('file-policy.changed', filePolicyView, {
  staff: 'payload',
});

const conversationId = idSchema('cnv').nullable();

const processed = z.object({
  conversationId,
  /** The only customer who may see it; null for what staff keeps to itself. */
  customerId: idSchema('usr').nullable(),
  uploadedBy: idSchema('usr'),
  attachment: attachmentView,
});

type Processed = z.output<typeof processed>;

const placed = sees(
  attachmentView.extend({ conversationId }),
  ({ attachment, conversationId }: Processed) => ({ ...attachment, conversationId }),
);

/** Whoever may see it by now: at first only the one who uploaded it. */
const audience = {
  around: ({ conversationId, customerId }: Processed) =>
    conversationId === null ? undefined : { conversationId, customerId },
  staff: placed,
  customer: placed,
  person: {
    who: ({ conversationId, uploadedBy }: Processed) =>
      conversationId === null ? uploadedBy : undefined,
    sees: placed,
  },
  webhooks: true,
  audit: false,
} as const;

/** Its derived files exist, and it is known where it belongs. */
export const attachmentReady = defineEvent('attachment.ready', processed, audience);

export const attachmentRejected = defineEvent('attachment.rejected', processed, audience);
