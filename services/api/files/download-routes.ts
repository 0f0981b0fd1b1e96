import { downloadAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { downloadExport } from '@insightdesk/shared/domain/tenancy/tenant-export';
import { createStream } from '@insightdesk/shared/streams';
import { z } from 'zod';
import { describeAction, type Route, readQuery, runAction } from '../route.ts';
import { sendFile } from './send-file.ts';

const bytes = { contentType: 'application/octet-stream', schema: z.file() };

/** Streams a file or one of its variants, in full or one byte range. */
export const downloadRoute: Route = {
  method: 'GET',
  path: '/v1/attachments/:id/content',
  ...describeAction(downloadAttachment),
  responses: { 200: bytes, 206: bytes, 304: undefined },
  handle: async (call) =>
    sendFile(call.http, await runAction(downloadAttachment, call, readQuery(call))),
};

/** Streams the archive of an organization export. */
export const exportContentRoute: Route = {
  method: 'GET',
  path: '/v1/organization/exports/:id/content',
  ...describeAction(downloadExport),
  responses: { 200: { contentType: 'application/gzip', schema: z.file() } },
  async handle(call) {
    const { http } = call;
    const { name, sizeBytes, stream } = await runAction(downloadExport, call, readQuery(call));
    http.header('Content-Type', 'application/gzip');
    http.header('Content-Length', String(sizeBytes));
    http.header('Content-Disposition', `attachment; filename="${name}"`);
    http.header('Cache-Control', 'private, no-store, no-transform');
    return http.newResponse(createStream(stream()), 200);
  },
};
