import type { Context } from '@insightdesk/shared/context';
import { uploadAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { z } from 'zod';
import { jsonResponse, respondIdempotently } from '../idempotent-response.ts';
import { type Call, describeAction, type Http, type Route } from '../route.ts';
import { type IncomingFile, receiveFile } from './multipart.ts';

/** Allowance for boundaries and part headers. */
const MULTIPART_OVERHEAD_BYTES = 20_000;

/** Streams one multipart file to storage. */
export const uploadRoute: Route = {
  method: 'POST',
  path: '/v1/attachments',
  ...describeAction(uploadAttachment),
  input: z.strictObject({}),
  body: { contentType: 'multipart/form-data', schema: z.strictObject({ file: z.file() }) },
  responses: { 201: uploadAttachment.output },
  handle: (call) => {
    const maxBytes = contentLengthOf(call.http) || undefined;
    return receiveUpload(call, (file, ctx) =>
      uploadAttachment(ctx, { ...file, ...(maxBytes && { maxBytes }) }),
    );
  },
};

/** Content-Length of the request; 0 when it is missing. */
const contentLengthOf = (http: Http) => Number(http.req.header('Content-Length') ?? 0) || 0;

/** Passes the file of a request to `store` and responds 201 with its result. */
export async function receiveUpload(
  call: Call,
  store: (file: Omit<IncomingFile, 'stop'>, ctx: Context) => Promise<unknown>,
): Promise<Response> {
  const { http, ctx } = call;
  const { maxFileBytes } = ctx.limits;
  if (contentLengthOf(http) > maxFileBytes + MULTIPART_OVERHEAD_BYTES) {
    throw new PayloadTooLargeError(`A file may have at most ${maxFileBytes} bytes`);
  }
  const { stop, ...file } = await receiveFile(http.req.raw);
  try {
    return await respondIdempotently(call, {
      body: undefined,
      isStream: true,
      run: (ctx) => store(file, ctx),
      toResponse: (stored) => jsonResponse(stored, 201),
    });
  } finally {
    stop();
  }
}
