import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';
import { attachmentView } from './view.ts';

const place = {
  conversationId: idSchema('cnv').nullable(),
  /** The only customer who may see it; null for what staff keeps to itself. */
  customerId: idSchema('usr').nullable(),
};

export const attachmentUploaded = defineEvent(
  'attachment.uploaded',
  z.object({ attachmentId: idSchema('att'), contentType: z.string() }),
);

/** Its derived files exist, and it is known where it belongs. */
export const attachmentReady = defineEvent(
  'attachment.ready',
  z.object({ ...place, uploadedBy: idSchema('usr'), attachment: attachmentView }),
);

export const attachmentRejected = defineEvent(
  'attachment.rejected',
  z.object({ ...place, uploadedBy: idSchema('usr'), attachment: attachmentView }),
);
