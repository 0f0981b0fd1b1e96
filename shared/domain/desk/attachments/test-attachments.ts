import { type Context, systemContext } from '@insightdesk/shared/context';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { type createIsolatedTestContext, createTestTenant } from '@insightdesk/shared/testing';
import {
  completeDirectUpload,
  createDirectUpload,
  processAttachment,
  uploadAttachment,
} from './index.ts';

type Files = Partial<Context['files']>;

/** An organization with an owner, an agent and a customer who uploads; `files` replaces connections. */
export async function openTestAttachments(
  { context, admin }: Awaited<ReturnType<typeof createIsolatedTestContext>>,
  files: Files = {},
) {
  const { owner, tenantId, member } = await createTestTenant(context);
  const [customer, agent] = [await member('customer'), await member('agent')];
  const { storage } = { ...context.files, ...files };
  const withFiles = (ctx: Context, more = files): Context => ({
    ...ctx,
    files: { ...ctx.files, ...more },
  });
  const worker = (more: Files = files) =>
    systemContext(withFiles(context, more), 'worker', { tenantId, requestId: 'test' });
  const keyOf = (id: string, name: string) => `${tenantId}/attachments/${id}/${name}`;
  const put = (id: string, name: string, text: string) =>
    storage.upload(keyOf(id, name), new TextEncoder().encode(text), { contentType: 'x/y' });
  const callers = {
    owner: withFiles(owner),
    customer: withFiles(customer),
    agent: withFiles(agent),
  };
  return {
    ...callers,
    tenantId,
    worker,
    keyOf,
    put,
    /** Uploads to the signed URL, as a client does. */
    putStaged: (id: Id<'att'>, text: string) => put(id, 'staged', text),
    fileNames: async (id = '') =>
      (await Array.fromAsync(storage.list(`${tenantId}/attachments/${id}`))).map(
        ({ key }) => key.split('/').at(-1) ?? '',
      ),
    usedBytes: async () => {
      const [row] = await admin`select bytes::int8 as bytes from stored_bytes
        where tenant_id = ${toUuid(tenantId)}`;
      return Number(row?.bytes ?? 0);
    },
    /** Uploads as a form of the customer, not yet processed. */
    upload: (
      content: string | Uint8Array<ArrayBuffer>,
      { name = 'a.txt', maxBytes = content.length } = {},
    ) =>
      uploadAttachment(callers.customer, {
        name,
        contentType: '',
        body: new Blob([content]).stream(),
        maxBytes,
      }),
    process: (attachmentId: Id<'att'>, more?: Files) =>
      processAttachment(worker(more), { attachmentId }),
    /** A completed direct upload of the customer, not yet processed. */
    async uploadDirect(text: string, more = {}): Promise<Id<'att'>> {
      const fields = { name: 'a.txt', sizeBytes: text.length, ...more };
      const { id } = await createDirectUpload(callers.customer, fields);
      await put(id, 'staged', text);
      await completeDirectUpload(callers.customer, { id });
      return id;
    },
    makeOlder: (id: Id<'att'>, hours: number) =>
      admin`update attachments set created_at = now() - make_interval(hours => ${hours})
        where id = ${toUuid(id)}`,
  };
}
