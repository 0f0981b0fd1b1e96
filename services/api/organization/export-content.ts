import { openExport } from '@insightdesk/shared/domain/tenancy/departures';
import { createStream } from '@insightdesk/shared/streams';
import { z } from 'zod';
import { perform, type Route, readQuery } from '../route.ts';

/** Streams an archive. */
export const exportContentRoute: Route = {
  method: 'GET',
  path: '/v1/organization/exports/:id/content',
  summary: openExport.summary,
  allow: openExport.allow,
  input: openExport.input,
  answers: { 200: { contentType: 'application/gzip', schema: z.file() } },
  async handle(call) {
    const { http } = call;
    const { name, sizeBytes, stream } = await perform(openExport, call, readQuery(call));
    http.header('Content-Type', 'application/gzip');
    http.header('Content-Length', String(sizeBytes));
    http.header('Content-Disposition', `attachment; filename="${name}"`);
    http.header('Cache-Control', 'private, no-store, no-transform');
    return http.newResponse(createStream(stream()), 200);
  },
};
