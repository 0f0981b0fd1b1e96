import { downloadExport } from '@insightdesk/shared/domain/tenancy/tenant-export';
import { createStream } from '@insightdesk/shared/streams';
import { z } from 'zod';
import { type Route, readQuery, runAction } from '../route.ts';

/** Streams the archive of an organization export. */
export const exportContentRoute: Route = {
  method: 'GET',
  path: '/v1/organization/exports/:id/content',
  summary: downloadExport.summary,
  allow: downloadExport.allow,
  input: downloadExport.input,
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
