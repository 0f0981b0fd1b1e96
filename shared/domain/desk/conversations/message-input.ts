import { text } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';

/** The text and attachments of a message. */
export const messageInput = {
  body: text(50_000),
  attachmentIds: z.array(idSchema('att')).max(10).default([]),
};
