import { downloadAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { z } from 'zod';
import { sendFile } from '../files/send-file.ts';
import { type Route, readQuery, runAction } from '../route.ts';

const bytes = { contentType: 'application/octet-stream', schema: z.file() };

/** Streams a file or one of its variants, in full or one byte range. */
export const downloadRoute: Route = {
  method: 'GET',
  path: '/v1/attachments/:id/content',
  summary: downloadAttachment.summary,
  allow: downloadAttachment.allow,
  input: downloadAttachment.input,
  responses: { 200: bytes, 206: bytes, 304: undefined },
  handle: async (call) =>
    sendFile(call.http, await runAction(downloadAttachment, call, readQuery(call))),
};
