import { openAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { z } from 'zod';
import { sendFile } from '../files/send-file.ts';
import { perform, type Route, readQuery } from '../route.ts';

const bytes = { contentType: 'application/octet-stream', schema: z.file() };

/** Streams a file or one of its variants, whole or one range of it. */
export const downloadRoute: Route = {
  method: 'GET',
  path: '/v1/attachments/:id/content',
  summary: openAttachment.summary,
  allow: openAttachment.allow,
  input: openAttachment.input,
  answers: { 200: bytes, 206: bytes, 304: undefined },
  handle: async (call) => sendFile(call.http, await perform(openAttachment, call, readQuery(call))),
};
