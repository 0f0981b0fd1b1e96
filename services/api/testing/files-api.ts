import { type CallContext, type Context, systemContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { makeVariants } from '@insightdesk/shared/domain/desk/attachments';
import { createTestDatabase } from '@insightdesk/shared/testing';
import { openWholeApi } from './integration-api.ts';

/** An API with a database of its own, where no worker is at work; its media can be replaced. */
export async function openFilesApi() {
  const server = await createTestDatabase();
  const replaced: { media?: Partial<Context['media']> } = {};
  const context: (call: CallContext) => Context = (call) => ({
    ...api.context,
    ...call,
    media: { ...api.context.media, ...replaced.media },
  });
  const api = openWholeApi(undefined, { context }, server.url);

  async function upload(as: string, content: Uint8Array<ArrayBuffer> | string, name: string) {
    const body = new FormData();
    body.append('file', new File([content], name));
    const response = await api.ask('POST', '/v1/attachments', { as, body });
    if (response.status !== 201) throw new Error(await response.text());
    return ((await response.json()) as { id: Id<'att'> }).id;
  }

  /** Does what a worker would do. */
  async function check(as: string, attachmentId: Id<'att'>) {
    const { tenantId } = await api.context.tokens.verifyAccess(as);
    const worker = systemContext(
      { ...api.context, media: { ...api.context.media, ...replaced.media } },
      'worker',
      { tenantId, requestId: 'test' },
    );
    await makeVariants(worker, { attachmentId });
    return { tenantId, worker };
  }

  const link = (as: string, id: string, body: object = {}) =>
    api.ask('POST', `/v1/attachments/${id}/links`, { as, body });

  /** Asks at the address that a link gave, as somebody whom nobody knows. */
  async function open(linked: Response | Promise<Response>, init: RequestInit = {}) {
    const { url } = (await (await linked).json()) as { url: string };
    return visit(url, init);
  }
  function visit(url: string, init: RequestInit = {}) {
    const { pathname, search } = new URL(url);
    return api.app.request(pathname + search, init);
  }

  async function close() {
    await api.close();
    await server.drop();
  }
  return { ...api, replaced, upload, check, link, open, visit, close };
}
