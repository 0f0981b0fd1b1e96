import { idSchema } from '@insightdesk/shared/contract';
import { attachmentView } from '@insightdesk/shared/domain/desk/attachments';
import { defineEvent, sees } from '@insightdesk/shared/events';
import { z } from 'zod';
import { mediaView } from './view.ts';

/** Somebody wants it tried again. */
export const mediaRequested = defineEvent(
  'recording.requested',
  z.object({ attachmentId: idSchema('att') }),
  { audit: false },
);

const conversationId = idSchema('cnv').nullable();

const worked = z.object({
  conversationId,
  /** The only customer who may see it; null for what staff keeps to itself. */
  customerId: idSchema('usr').nullable(),
  uploadedBy: idSchema('usr'),
  recording: mediaView,
  attachment: attachmentView,
});

type Worked = z.output<typeof worked>;

const placed = sees(
  mediaView.extend({ attachment: attachmentView, conversationId }),
  ({ recording, attachment, conversationId }: Worked) => ({
    ...recording,
    attachment,
    conversationId,
  }),
);

/** Whoever may see the attachment by now: at first only the one who uploaded it. */
const audience = {
  around: ({ conversationId, customerId }: Worked) =>
    conversationId === null ? undefined : { conversationId, customerId },
  staff: placed,
  customer: placed,
  person: {
    who: ({ conversationId, uploadedBy }: Worked) =>
      conversationId === null ? uploadedBy : undefined,
    sees: placed,
  },
  webhooks: true,
  audit: false,
} as const;

/** What is made of a video or a sound is there, as variants of its attachment. */
export const mediaPrepared = defineEvent('recording.prepared', worked, audience);

/** Nothing will be made of it, unless somebody asks again; the attachment is as it was. */
export const mediaFailed = defineEvent('recording.failed', worked, audience);
