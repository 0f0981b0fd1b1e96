import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { json, readStack, register, requestJson, serviceOf } from '../stack.ts';

const BOUNDARY = 'a-boundary-of-the-benchmark';
const HEAD = `--${BOUNDARY}\r\nContent-Disposition: form-data; name="file"; filename="a.bin"\r\n\r\n`;

interface DirectUpload {
  id: string;
  url: string;
  method: string;
  headers: Record<string, string>;
}

/** Our API with a new organization. */
export async function createOurFiles() {
  const stack = readStack();
  const { pid, url } = serviceOf('api', stack);
  const account = await register();
  const headers = { Authorization: `Bearer ${account.accessToken}` };
  const type = { 'Content-Type': `multipart/form-data; boundary=${BOUNDARY}` };
  return {
    pid,
    contentUrl: (id: string) => new URL(`/v1/attachments/${id}/content`, url).href,
    headers,
    /** Returns a function that uploads; the request is built before. */
    createUpload(bytes: Uint8Array) {
      const body = Buffer.concat([
        Buffer.from(HEAD),
        bytes,
        Buffer.from(`\r\n--${BOUNDARY}--\r\n`),
      ]);
      const init = { method: 'POST', headers: { ...headers, ...type }, body };
      return async () => (await requestJson<{ id: string }>('/v1/attachments', init)).id;
    },
    /** Returns a function that uploads directly to storage: create, PUT, complete. */
    createDirectUpload(bytes: Uint8Array<ArrayBuffer>) {
      const post = { method: 'POST', headers: { ...headers, ...json } };
      const metadata = JSON.stringify({ name: 'a.bin', sizeBytes: bytes.byteLength });
      return async () => {
        const upload = await requestJson<DirectUpload>('/v1/attachments/direct', {
          ...post,
          body: metadata,
        });
        const { pathname, search } = new URL(upload.url);
        await requestJson(pathname + search, {
          method: upload.method,
          headers: upload.headers,
          body: bytes,
        });
        await requestJson(`/v1/attachments/${upload.id}/complete`, { ...post, body: '{}' });
      };
    },
    /** Makes the uploads old enough for the deletion of unclaimed attachments. */
    async deleteFiles() {
      const sql = connect(stack.postgres, { timeoutMs: 30_000 });
      const tenant = toUuid(account.organization.id);
      await sql`update attachments set created_at = now() - interval '2 days' where tenant_id = ${tenant}`;
      await sql.end();
    },
  };
}
