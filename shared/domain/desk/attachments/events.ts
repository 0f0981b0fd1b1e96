import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent, type View, viewOf } from '@insightdesk/shared/events';
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
  everyone: 'payload',
});

/** Who may see an attachment: those who see its message, or its uploader before it has one. */
export const attachmentScope = z.object({
  conversationId: idSchema('cnv').nullable(),
  /** The only customer who may see it; null when only staff may. */
  customerId: idSchema('usr').nullable(),
  uploadedBy: idSchema('usr'),
});

type Scope = z.output<typeof attachmentScope>;

export const attachmentAudience = <P extends Scope>(view: View<P>) =>
  ({
    conversation: ({ conversationId, customerId }: Scope) =>
      conversationId === null ? undefined : { conversationId, customerId },
    staff: view,
    customer: view,
    recipient: {
      userId: ({ conversationId, uploadedBy }: Scope) =>
        conversationId === null ? uploadedBy : undefined,
      view,
    },
    webhooks: true,
    audit: false,
  }) as const;

const processed = attachmentScope.extend({ attachment: attachmentView });

const audience = attachmentAudience(
  viewOf(
    attachmentView.extend({ conversationId: attachmentScope.shape.conversationId }),
    ({ attachment, conversationId }: z.output<typeof processed>) => ({
      ...attachment,
      conversationId,
    }),
  ),
);

/** The check passed and its variants are stored. */
export const attachmentReady = defineEvent('attachment.ready', processed, audience);

export const attachmentRejected = defineEvent('attachment.rejected', processed, audience);
