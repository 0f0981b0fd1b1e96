import { idSchema } from '@insightdesk/shared/contract';
import {
  appendToUpload,
  discardAttachment,
  findResumableUpload,
  startResumableUpload,
} from '@insightdesk/shared/domain/desk/attachments';
import { type AppError, ServiceError } from '@insightdesk/shared/errors';
import { z } from 'zod';
import { type Call, type Protocol, type Route, readQuery } from '../route.ts';
import { createStore } from './tus-store.ts';

const PATH = '/v1/uploads';
/** How long whoever is to let go of an upload may take to keep what has come. */
const DRAIN_MS = 250;

const passed = /^(?:tus-|upload-|location$|cache-control$)/;

const codes: Record<number, string> = {
  400: 'TUS_REQUEST_INVALID',
  403: 'TUS_HEADER_MISSING',
  404: 'NOT_FOUND',
  409: 'UPLOAD_OFFSET_CONFLICT',
  410: 'UPLOAD_EXPIRED',
  412: 'TUS_VERSION_REQUIRED',
  413: 'PAYLOAD_TOO_LARGE',
  501: 'TUS_NOT_SUPPORTED',
};

const bytes = { contentType: 'application/offset+octet-stream', schema: z.file() };
const one = z.strictObject({ id: idSchema('att') });
const nothing = z.strictObject({});
const speaks = { allow: 'attachments:upload', handle: answerTus } as const;

const version = { 'Tus-Resumable': z.literal('1.0.0') };
const offset = { 'Upload-Offset': 'As many bytes have come' };
const expires = { 'Upload-Expires': 'When it is given up, while it is not whole' };
const asks = (
  more: z.core.$ZodLooseShape,
  refuses: Protocol['refuses'],
  tells: Protocol['tells'] = {},
): Protocol => ({
  asks: z.object({ ...version, ...more }),
  tells: { 'Tus-Resumable': 'The version of tus', ...tells },
  refuses,
});

/** Uploads that may be cut and gone on with: tus 1.0, https://tus.io/protocols/resumable-upload. */
export const resumableRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: PATH,
    summary: startResumableUpload.summary,
    input: nothing,
    body: { ...bytes, isOptional: true },
    protocol: asks(
      {
        'Upload-Length': z.int().min(1).describe('Exactly so many bytes are to come'),
        'Upload-Metadata': z
          .string()
          .optional()
          .describe('As tus says; `filename` names it, `sha256` in hexadecimal digits is compared'),
      },
      [400, 413],
      { Location: 'Where to go on', ...offset, ...expires },
    ),
    answers: { 201: undefined },
    ...speaks,
  },
  {
    method: 'GET',
    path: `${PATH}/:id`,
    summary: findResumableUpload.summary,
    input: one,
    protocol: asks({}, [], {
      ...offset,
      'Upload-Length': 'As many bytes are to come',
      'Upload-Metadata': 'As it was sent',
    }),
    answers: { 200: undefined },
    ...speaks,
  },
  {
    method: 'PATCH',
    path: `${PATH}/:id`,
    summary: appendToUpload.summary,
    input: one,
    body: bytes,
    protocol: asks(
      { 'Upload-Offset': z.int().min(0).describe('As many bytes have come before') },
      [400, 409, 413],
      { ...offset, ...expires },
    ),
    answers: { 204: undefined },
    ...speaks,
  },
  {
    method: 'DELETE',
    path: `${PATH}/:id`,
    summary: discardAttachment.summary,
    input: one,
    protocol: asks({}, [409]),
    answers: { 204: undefined },
    ...speaks,
  },
  {
    method: 'OPTIONS',
    path: PATH,
    summary: 'Tell what resumable uploads can do here',
    input: nothing,
    protocol: {
      asks: z.object({}),
      tells: {
        'Tus-Version': 'Of the protocol',
        'Tus-Extension': 'What is understood beside its core',
        'Tus-Max-Size': 'Bytes that a file may have',
      },
      refuses: [],
    },
    answers: { 204: undefined },
    ...speaks,
    allow: 'anyone',
  },
];

/** Lets the tus server answer; what it refuses becomes a problem like all others. */
async function answerTus(call: Call): Promise<Response> {
  const { http, ctx } = call;
  nothing.parse(readQuery(call));
  const { Server } = await import('@tus/server');
  const { store, newLock } = createStore(ctx);
  const id = http.req.param('id');
  let refused: unknown;
  const server = new Server({
    path: PATH,
    datastore: store,
    locker: { newLock },
    lockDrainTimeout: DRAIN_MS,
    maxSize: ctx.settings.maxFileBytes,
    // What a proxy says of hosts is not believed.
    generateUrl: (_, { id }) => `${ctx.settings.publicUrl}${PATH}/${id}`,
    getFileIdFromRequest: () => id,
    onResponseError: (_, error) => {
      refused = error;
      return undefined;
    },
  });
  const answer = await server.handleWeb(requestOf(http.req.raw));
  for (const [name, value] of answer.headers) if (passed.test(name)) http.header(name, value);
  // Of its own errors one is of a class, and tells its status like the others.
  if (refused instanceof Error && !('status_code' in refused)) throw refused;
  if (answer.status >= 400) throw await problemOf(answer);
  return http.body(null, answer.status as 200);
}

/** Whoever cannot send HEAD asks with GET. */
const requestOf = (request: Request) =>
  request.method === 'GET'
    ? new Request(request.url, { method: 'HEAD', headers: request.headers })
    : request;

async function problemOf(answer: Response): Promise<AppError> {
  const { status } = answer;
  const message = (await answer.text()).trim() || 'The upload cannot go on';
  return new ServiceError(message, { code: codes[status] ?? 'TUS_REQUEST_INVALID', status });
}
