import { expect, test } from 'bun:test';
import { createHash, randomBytes } from 'node:crypto';
import * as tus from 'tus-js-client';
import {
  canKillServices,
  createOrganization,
  downloadFile,
  run,
  tlsOptions,
  untilProcessed,
} from './client.ts';
import { killService } from './kill-targets.ts';

async function uploadResumably(token: string, bytes: Buffer, onBytes: (sent: number) => void) {
  const sha256 = createHash('sha256').update(bytes).digest('hex');
  const location = await new Promise<string>((resolve, reject) => {
    const upload = new tus.Upload(bytes, {
      endpoint: `${run.url}/v1/uploads`,
      httpStack: new tus.DefaultHttpStack(tlsOptions),
      headers: { Authorization: `Bearer ${token}` },
      chunkSize: 2_000_000,
      retryDelays: Array(60).fill(250),
      metadata: { filename: 'video.bin', sha256 },
      onError: reject,
      onProgress: onBytes,
      onSuccess: () => resolve(upload.url ?? ''),
    });
    upload.start();
  });
  expect(location).toMatch(new RegExp(`^${RegExp.escape(run.url)}/v1/uploads/att_\\w+$`));
  return location.split('/').at(-1) ?? '';
}

test.skipIf(!canKillServices)(
  'a resumable upload through nginx stores every byte once while replicas are killed',
  async () => {
    const { owner, agent } = await createOrganization();
    const bytes = randomBytes(12_000_000);
    const killAt = [3_000_000, 8_000_000];
    const kills: Promise<void>[] = [];
    const id = await uploadResumably(owner.token, bytes, (sent) => {
      if (sent < (killAt[0] ?? Number.POSITIVE_INFINITY)) return;
      killAt.shift();
      kills.push(killService(({ kind }) => kind === 'api'));
    });
    await Promise.all(kills);
    expect(kills).toHaveLength(2);
    expect(await untilProcessed(agent.token, id)).toMatchObject({ status: 'ready' });
    const content = await (await downloadFile(agent.token, id)).arrayBuffer();
    expect(Buffer.from(content).equals(bytes)).toBe(true);
  },
  180_000,
);
