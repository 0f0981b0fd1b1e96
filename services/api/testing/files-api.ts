import { type CallContext, type Context, systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { processAttachment } from '@insightdesk/shared/domain/desk/attachments';
import { createTestDatabase } from '@insightdesk/shared/testing';
import { createIntegrationApi } from './integration-api.ts';

/** An API with a database of its own that no worker uses; `replaced.media` overrides its media. */
export async function createFilesApi() {
  const server = await createTestDatabase();
  const replaced: { media?: Partial<Context['files']['media']> } = {};
  const context: (call: CallContext) => Context = (call) => ({
    ...api.context,
    ...call,
    files: { ...api.context.files, media: { ...api.context.files.media, ...replaced.media } },
  });
  const api = createIntegrationApi(undefined, { context }, server.url);

  async function upload(as: string, content: Uint8Array<ArrayBuffer> | string, name: string) {
    const body = new FormData();
    body.append('file', new File([content], name));
    const response = await api.request('POST', '/v1/attachments', { as, body });
    if (response.status !== 201) throw new Error(await response.text());
    return ((await response.json()) as { id: Id<'att'> }).id;
  }

  /** Processes an attachment as the worker does. */
  async function process(as: string, attachmentId: Id<'att'>) {
    const { tenantId } = await api.context.security.tokens.verifyAccess(as);
    const worker = systemContext(
      {
        ...api.context,
        files: { ...api.context.files, media: { ...api.context.files.media, ...replaced.media } },
      },
      'worker',
      { tenantId, requestId: 'test' },
    );
    await processAttachment(worker, { attachmentId });
    return { tenantId, worker };
  }

  const createLink = (as: string, id: string, body: object = {}) =>
    api.request('POST', `/v1/attachments/${id}/links`, { as, body });

  /** Requests the URL of a created link, without credentials. */
  async function fetchLink(created: Response | Promise<Response>, init: RequestInit = {}) {
    const { url } = (await (await created).json()) as { url: string };
    return fetchUrl(url, init);
  }
  function fetchUrl(url: string, init: RequestInit = {}) {
    const { pathname, search } = new URL(url);
    return api.app.request(pathname + search, init);
  }

  async function close() {
    await api.close();
    await server.drop();
  }
  return { ...api, replaced, upload, process, createLink, fetchLink, fetchUrl, close };
}
