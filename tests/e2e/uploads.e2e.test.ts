import { expect, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import * as tus from 'tus-js-client';
import { runDesk } from '../../services/cli/test-command.ts';
import { until } from '../../shared/testing/until.ts';
import {
  type Answer,
  call,
  createOrganization,
  isKillable,
  isLocalStack,
  run,
  tlsOptions,
} from './client.ts';
import { killService } from './kill-targets.ts';

const headers = (token: string) => ({ Authorization: `Bearer ${token}` });

/** When a worker has looked into it. */
const checked = (token: string, id: string) =>
  until(
    async () => {
      const { body } = await call('GET', `/v1/attachments/${id}`, { token });
      return body.status === 'ready' && body;
    },
    { timeoutMs: 60_000 },
  );

async function contentOf(token: string, id: string): Promise<Buffer> {
  const answer = await fetch(`${run.url}/v1/attachments/${id}/content`, {
    headers: headers(token),
    tls: tlsOptions,
  } as RequestInit);
  expect(answer.status).toBe(200);
  return Buffer.from(await answer.arrayBuffer());
}

async function sendResumably(token: string, bytes: Buffer, onBytes: (sent: number) => void) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const at = await new Promise<string>((resolve, reject) => {
    const upload = new tus.Upload(bytes, {
      endpoint: `${run.url}/v1/uploads`,
      httpStack: new tus.DefaultHttpStack(tlsOptions),
      headers: headers(token),
      chunkSize: 2_000_000,
      retryDelays: Array(60).fill(250),
      metadata: { filename: 'film.bin', sha256 },
      onError: reject,
      onProgress: onBytes,
      onSuccess: () => resolve(upload.url ?? ''),
    });
    upload.start();
  });
  expect(at).toMatch(new RegExp(`^${RegExp.escape(run.url)}/v1/uploads/att_\\w+$`));
  return at.split('/').at(-1) ?? '';
}

test.skipIf(!isKillable)(
  'a resumable upload through nginx stores every byte once while replicas are killed',
  async () => {
    const { owner, agent } = await createOrganization();
    const bytes = randomBytes(12_000_000);
    const killAt = [3_000_000, 8_000_000];
    const kills: Promise<void>[] = [];
    const id = await sendResumably(owner.token, bytes, (sent) => {
      if (sent < (killAt[0] ?? Number.POSITIVE_INFINITY)) return;
      killAt.shift();
      kills.push(killService(({ kind }) => kind === 'api'));
    });
    await Promise.all(kills);
    expect(kills).toHaveLength(2);
    await checked(agent.token, id);
    expect((await contentOf(agent.token, id)).equals(bytes)).toBe(true);
    if (!isLocalStack) return;
    const words = ['check', '--organization', owner.organizationId, '--older-than', '0'];
    const { code, output } = await runDesk(['files', ...words, '--checksums']);
    expect(output).toContain('without a row: 0 files, 0 bytes');
    expect(output).toContain('without their file: 0 attachments');
    expect([code, output.includes('stored: 0 attachments')]).toEqual([0, true]);
  },
  180_000,
);

test('a direct upload is not visible before it is complete', async () => {
  const { owner, customer } = await createOrganization();
  const begun: Answer<any> = await call('POST', '/v1/attachments/direct', {
    token: customer.token,
    body: { name: 'a.txt', sizeBytes: 5 },
  });
  expect(begun).toMatchObject({ status: 201, body: { method: expect.any(String) } });
  const path = `/v1/attachments/${begun.body.id}`;
  for (const { token } of [owner, customer]) {
    expect((await call('GET', path, { token })).status).toBe(404);
  }
  const complete = await call('POST', `${path}/complete`, { token: customer.token, body: {} });
  expect(complete).toMatchObject({ status: 409, body: { code: 'NOT_UPLOADED' } });
  expect((await call('DELETE', path, { token: customer.token })).status).toBe(204);
});

test('an upload with a wrong checksum is rejected and leaves no bytes', async () => {
  const { owner, agent } = await createOrganization();
  const used = async () => {
    const { body } = await call('GET', '/v1/usage', { token: owner.token });
    const quotas: { name: string; value: number }[] = body.quotas;
    return quotas.find(({ name }) => name === 'stored-bytes')?.value;
  };
  const bytes = randomBytes(1_000);
  const sha256 = createHash('sha256').update('other bytes').digest('hex');
  const metadata = Buffer.from(sha256).toString('base64');
  const answer = await call('POST', '/v1/uploads', {
    token: agent.token,
    raw: bytes,
    headers: {
      'Tus-Resumable': '1.0.0',
      'Upload-Length': '1000',
      'Upload-Metadata': `sha256 ${metadata}`,
      'Content-Type': 'application/offset+octet-stream',
    },
  });
  expect(answer.status).toBe(201);
  const id = answer.headers.get('Location')?.split('/').at(-1);
  const path = `/v1/attachments/${id}`;
  const seen = await until(
    async () => {
      const { body } = await call('GET', path, { token: agent.token });
      return body.status === 'rejected' && body;
    },
    { timeoutMs: 60_000 },
  );
  expect(seen.reason).toBe('CHECKSUM_MISMATCH');
  expect(await used()).toBe(0);
  expect((await call('GET', `${path}/content`, { token: agent.token })).status).toBe(409);
});
