import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import type { attachments } from './tables.ts';

export const attachmentView = z
  .object({
    id: idSchema('att'),
    name: z.string(),
    contentType: z.string(),
    sizeBytes: z.int(),
    status: z.enum(['pending', 'ready', 'rejected']),
    reason: z.string().optional().describe('Why it was rejected, such as `IMAGE_CORRUPT`'),
    variants: z.array(
      z.object({
        name: z.string(),
        url: z.string().describe('Requires the same authorization as every other call'),
        contentType: z.string(),
        width: z.int().optional(),
        height: z.int().optional(),
        sizeBytes: z.int(),
        placeholder: z
          .string()
          .optional()
          .describe('Of a thumbnail: a tiny image as a `data:` URL, to show until it has loaded'),
      }),
    ),
  })
  .meta({ id: 'Attachment' });

export type AttachmentRow = typeof attachments.$inferSelect;

/** The public view of an attachment; `publicUrl` is the base URL of the API. */
export function toAttachment(row: AttachmentRow, publicUrl: string) {
  const { id, name, contentType, sizeBytes, status } = row;
  const url = `${publicUrl}/v1/attachments/${id}/content`;
  const variants = row.variants.map((v) => ({ ...v, url: `${url}?variant=${v.name}` }));
  const reason = row.rejection === null ? {} : { reason: row.rejection };
  return { id, name, contentType, sizeBytes, status, ...reason, variants };
}
