import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { ask, json, readStack, register, serviceOf } from '../stack.ts';

const BOUNDARY = 'a-boundary-of-the-benchmark';
const HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n`;

interface Begun {
  id: string;
  url: string;
  method: string;
  headers: Record<string, string>;
}

/** Our API, in an organisation of its own that may store what it likes. */
export async function openOurFiles() {
  const stack = readStack();
  const { pid, url } = serviceOf('api', stack);
  const account = await register();
  const headers = { Authorization: `Bearer ${account.accessToken}` };
  const type = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };
  return {
    pid,
    contentUrl: (id: string) => new URL(`/v1/attachments/${id}/content`, url).href,
    headers,
    /** The request is put together before the clock starts. */
    uploadOf(bytes: Uint8Array) {
      const body = Buffer.concat([
        Buffer.from(HEAD),
        bytes,
        Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
      ]);
      const init = { method: 'POST', headers: { ...headers, ...type }, body };
      return async () => (await ask<{ id: string }>('/v1/attachments', init)).id;
    },
    /** The same straight to storage: begun, sent as it is, completed. */
    uploadRawOf(bytes: Uint8Array<ArrayBuffer>) {
      const post = { method: 'POST', headers: { ...headers, ...json } };
      const begin = JSON.stringify({ name: 'a.bin', sizeBytes: bytes.byteLength });
      return async () => {
        const begun = await ask<Begun>('/v1/attachments/direct', { ...post, body: begin });
        const { pathname, search } = new URL(begun.url);
        await ask(pathname + search, { method: begun.method, headers: begun.headers, body: bytes });
        await ask(`/v1/attachments/${begun.id}/complete`, { ...post, body: '{}' });
      };
    },
    /** Uploads that no message claims are collected; now they are old enough. */
    async deleteFiles() {
      const sql = connect(stack.postgres, { timeoutMs: 30_000 });
      const tenant = toUuid(account.organization.id);
      await sql`update attachments set created_at = now() - interval '2 days' where tenant_id = ${tenant}`;
      await sql.end();
    },
  };
}
