import { idSchema } from '@insightdesk/shared/contract';
import {
  appendToUpload,
  createResumableUpload,
  deleteAttachment,
  getResumableUpload,
} from '@insightdesk/shared/domain/desk/attachments';
import { type AppError, ServiceError } from '@insightdesk/shared/errors';
import { z } from 'zod';
import { type Call, type Protocol, type Route, readQuery } from '../route.ts';
import { createStore } from './tus-store.ts';

const PATH = '/v1/uploads';
/** How long the holder of an upload lock may take to store what it has received. */
const DRAIN_MS = 250;

const passedHeaders = /^(?:tus-|upload-|location$|cache-control$)/;

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
const uploadParams = z.strictObject({ id: idSchema('att') });
const noInput = z.strictObject({});
const tusRoute = { allow: 'attachments:upload', handle: handleTus } as const;

const version = { 'Tus-Resumable': z.literal('1.0.0') };
const offset = { 'Upload-Offset': 'Bytes received' };
const expires = { 'Upload-Expires': 'When an incomplete upload is deleted' };
const tusProtocol = (
  requestHeaders: z.core.$ZodLooseShape,
  errorStatuses: Protocol['errorStatuses'],
  responseHeaders: Protocol['responseHeaders'] = {},
): Protocol => ({
  requestHeaders: z.object({ ...version, ...requestHeaders }),
  responseHeaders: { 'Tus-Resumable': 'Version of the tus protocol', ...responseHeaders },
  errorStatuses,
});

/** Resumable uploads: tus 1.0, https://tus.io/protocols/resumable-upload. */
export const resumableRoutes: readonly Route[] = [
  {
    method: 'POST',
    path: PATH,
    summary: createResumableUpload.summary,
    input: noInput,
    body: { ...bytes, isOptional: true },
    protocol: tusProtocol(
      {
        'Upload-Length': z.int().min(1).describe('Size of the file in bytes'),
        'Upload-Metadata': z
          .string()
          .optional()
          .describe('As in tus; `filename` is the name, `sha256` (hexadecimal) is verified'),
      },
      [400, 413],
      { Location: 'URL of the upload', ...offset, ...expires },
    ),
    responses: { 201: undefined },
    ...tusRoute,
  },
  {
    method: 'GET',
    path: `${PATH}/:id`,
    summary: getResumableUpload.summary,
    input: uploadParams,
    protocol: tusProtocol({}, [], {
      ...offset,
      'Upload-Length': 'Size of the file in bytes',
      'Upload-Metadata': 'As sent on creation',
    }),
    responses: { 200: undefined },
    ...tusRoute,
  },
  {
    method: 'PATCH',
    path: `${PATH}/:id`,
    summary: appendToUpload.summary,
    input: uploadParams,
    body: bytes,
    protocol: tusProtocol(
      { 'Upload-Offset': z.int().min(0).describe('Bytes received so far') },
      [400, 409, 413],
      { ...offset, ...expires },
    ),
    responses: { 204: undefined },
    ...tusRoute,
  },
  {
    method: 'DELETE',
    path: `${PATH}/:id`,
    summary: deleteAttachment.summary,
    input: uploadParams,
    protocol: tusProtocol({}, [409]),
    responses: { 204: undefined },
    ...tusRoute,
  },
  {
    method: 'OPTIONS',
    path: PATH,
    summary: 'Get the capabilities of resumable uploads',
    input: noInput,
    protocol: {
      requestHeaders: z.object({}),
      responseHeaders: {
        'Tus-Version': 'Supported versions of tus',
        'Tus-Extension': 'Supported extensions',
        'Tus-Max-Size': 'Maximum file size in bytes',
      },
      errorStatuses: [],
    },
    responses: { 204: undefined },
    ...tusRoute,
    allow: 'anyone',
  },
];

/** Passes the request to the tus server; its errors become problem responses. */
async function handleTus(call: Call): Promise<Response> {
  const { http, ctx } = call;
  noInput.parse(readQuery(call));
  const { Server } = await import('@tus/server');
  const { store, newLock } = createStore(ctx);
  const id = http.req.param('id');
  let serverError: unknown;
  const server = new Server({
    path: PATH,
    datastore: store,
    locker: { newLock },
    lockDrainTimeout: DRAIN_MS,
    maxSize: ctx.limits.maxFileBytes,
    // The public URL, not the Host or X-Forwarded headers of the request.
    generateUrl: (_, { id }) => `${ctx.settings.publicUrl}${PATH}/${id}`,
    getFileIdFromRequest: () => id,
    onResponseError: (_, error) => {
      serverError = error;
      return undefined;
    },
  });
  const response = await server.handleWeb(asHeadRequest(http.req.raw));
  for (const [name, value] of response.headers)
    if (passedHeaders.test(name)) http.header(name, value);
  // Errors of the tus server carry a status_code; all others are ours.
  if (serverError instanceof Error && !('status_code' in serverError)) throw serverError;
  if (response.status >= 400) throw await toServiceError(response);
  return http.body(null, response.status as 200);
}

/** GET is served as HEAD, for clients that cannot send HEAD. */
const asHeadRequest = (request: Request) =>
  request.method === 'GET'
    ? new Request(request.url, { method: 'HEAD', headers: request.headers })
    : request;

async function toServiceError(response: Response): Promise<AppError> {
  const { status } = response;
  const message = (await response.text()).trim() || 'The upload failed';
  return new ServiceError(message, { code: codes[status] ?? 'TUS_REQUEST_INVALID', status });
}
