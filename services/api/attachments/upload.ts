import type { Context } from '@insightdesk/shared/context';
import { uploadAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { PayloadTooLargeError } from '@insightdesk/shared/errors';
import { z } from 'zod';
import { answerOnce, toJson } from '../idempotent-response.ts';
import type { Call, Http, Route } from '../route.ts';
import { type IncomingFile, receiveFile } from './multipart.ts';

/** What boundaries and part headers may add to the file itself. */
const ENVELOPE_BYTES = 20_000;

/** Takes one file as multipart, streamed straight to where it is kept. */
export const uploadRoute: Route = {
  method: 'POST',
  path: '/v1/attachments',
  summary: uploadAttachment.summary,
  allow: uploadAttachment.allow,
  input: z.strictObject({}),
  body: { contentType: 'multipart/form-data', schema: z.strictObject({ file: z.file() }) },
  answers: { 201: uploadAttachment.output },
  handle: (call) => {
    const maxBytes = announcedBytes(call.http) || undefined;
    return takeFile(call, (file, ctx) =>
      uploadAttachment(ctx, { ...file, ...(maxBytes && { maxBytes }) }),
    );
  },
};

/** The length of the request, which is more than that of its file; 0 when it is not told. */
const announcedBytes = (http: Http) => Number(http.req.header('Content-Length') ?? 0) || 0;

/** Hands the file of a request to `store` and answers 201 with what that gives. */
export async function takeFile(
  call: Call,
  store: (file: Omit<IncomingFile, 'stop'>, ctx: Context) => Promise<unknown>,
): Promise<Response> {
  const { http, ctx } = call;
  const { maxFileBytes } = ctx.settings;
  if (announcedBytes(http) > maxFileBytes + ENVELOPE_BYTES) {
    throw new PayloadTooLargeError(`A file may have ${maxFileBytes} bytes at most`);
  }
  const { stop, ...file } = await receiveFile(http.req.raw);
  try {
    return await answerOnce(call, {
      body: undefined,
      isStream: true,
      act: (once) => store(file, once),
      toAnswer: (stored) => toJson(stored, 201),
    });
  } finally {
    stop();
  }
}
