import { createHash } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { readStack } from '../stack.ts';
import { createNoise } from './noise.ts';
import { sendPiece } from './send-piece.ts';

const LOOK_MS = 500;
const PATIENCE_MS = 3_600_000;
/** Ask again: what was cut is still being put away by whoever took it, or there is too much to do. */
const notNow = new Set([409, 423, 503]);
const MOST_REFUSED = 60;

interface Sent {
  sizeBytes: number;
  /** The client hangs up when so much of it has been sent. */
  cutAt: readonly number[];
  /** Asked for anew now and then: one ends sooner than some uploads. */
  token(): Promise<string>;
  /** After each step is over. */
  onStep?(step: 'sent' | 'checked' | 'read'): void;
}

export interface BigUpload {
  /** Where it went on after each cut, in bytes. */
  resumedAt: number[];
  sentSeconds: number;
  checkedSeconds: number;
}

/**
 * Sends noise through the proxy by tus, hangs up and goes on, waits until it was looked into, reads
 * it back and removes it; throws when one byte is another one.
 */
export async function sendBig({ sizeBytes, cutAt, token, onStep }: Sent): Promise<BigUpload> {
  const stack = readStack();
  const ca = readFileSync(stack.ca, 'utf8');
  const noise = createNoise(sizeBytes);
  const sha256 = noise.sha256();
  const begun = performance.now();
  const seconds = () => (performance.now() - begun) / 1_000;
  const ask = async (method: string, path: string, headers: Record<string, string> = {}) => {
    const all = { Authorization: `Bearer ${await token()}`, 'Tus-Resumable': '1.0.0', ...headers };
    const url = new URL(path, stack.url);
    const answer = await fetch(url, { method, headers: all, tls: { ca } } as RequestInit);
    if (!answer.ok) throw new Error(`${method} ${url}: ${answer.status} ${await answer.text()}`);
    return answer;
  };
  const metadata = `filename ${btoa('big.bin')},sha256 ${btoa(sha256)}`;
  const created = await ask('POST', '/v1/uploads', {
    'Upload-Length': String(sizeBytes),
    'Upload-Metadata': metadata,
  });
  const url = created.headers.get('Location') ?? '';
  const resumedAt: number[] = [];
  let refused = 0;
  for (let offset = 0; offset < sizeBytes; ) {
    const cutAfter = (cutAt[resumedAt.length] ?? Number.POSITIVE_INFINITY) - offset;
    const rest = { offset, sizeBytes: sizeBytes - offset, bytes: noise.chunks(offset) };
    const status = await sendPiece({ url, ca, token: await token(), cutAfter, ...rest });
    if (status === 204) break;
    const isNotNow = status !== undefined && notNow.has(status) && ++refused < MOST_REFUSED;
    if (status !== undefined && !isNotNow) throw new Error(`The upload was answered ${status}`);
    if (isNotNow) await Bun.sleep(LOOK_MS);
    offset = Number((await ask('HEAD', url)).headers.get('Upload-Offset'));
    if (!isNotNow) resumedAt.push(offset);
  }
  const sentSeconds = seconds();
  onStep?.('sent');
  const path = url.replace(/^.*\/v1\/uploads\//, '/v1/attachments/');
  await untilReady(() => ask('GET', path));
  const checkedSeconds = seconds() - sentSeconds;
  onStep?.('checked');
  const hash = createHash('sha256');
  for await (const chunk of (await ask('GET', `${path}/content`)).body ?? []) hash.update(chunk);
  if (hash.digest('hex') !== sha256) throw new Error('Other bytes came back');
  onStep?.('read');
  await ask('DELETE', path);
  return { resumedAt, sentSeconds, checkedSeconds };
}

async function untilReady(ask: () => Promise<Response>): Promise<void> {
  const end = performance.now() + PATIENCE_MS;
  for (;;) {
    const { status, reason } = (await (await ask()).json()) as Record<string, string>;
    if (status === 'ready') return;
    if (status === 'rejected') throw new Error(`The upload was rejected: ${reason}`);
    if (performance.now() > end) throw new Error('Nobody looked into the upload');
    await Bun.sleep(LOOK_MS);
  }
}
