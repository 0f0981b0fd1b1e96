import { idSchema } from '@insightdesk/shared/contract';
import {
  attachmentAudience,
  attachmentScope,
  attachmentView,
} from '@insightdesk/shared/domain/desk/attachments';
import { defineEvent, viewOf } from '@insightdesk/shared/events';
import { z } from 'zod';
import { mediaView } from './view.ts';

export const mediaRequested = defineEvent(
  'recording.requested',
  z.object({ attachmentId: idSchema('att') }),
  { audit: false },
);

const processed = attachmentScope.extend({ recording: mediaView, attachment: attachmentView });

const audience = attachmentAudience(
  viewOf(
    mediaView.extend({
      attachment: attachmentView,
      conversationId: attachmentScope.shape.conversationId,
    }),
    ({ recording, attachment, conversationId }: z.output<typeof processed>) => ({
      ...recording,
      attachment,
      conversationId,
    }),
  ),
);

/** The converted files are stored as variants of the attachment. */
export const mediaPrepared = defineEvent('recording.prepared', processed, audience);

/** Processing failed until it is retried; the attachment is unchanged. */
export const mediaFailed = defineEvent('recording.failed', processed, audience);
