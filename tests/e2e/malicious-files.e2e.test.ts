import { beforeAll, expect, test } from 'bun:test';
import { mapConcurrent } from '@insightdesk/shared/promises';
import { bySize } from '../../shared/testing/tier.ts';
import {
  downloadFile,
  loadRun,
  registerOwner,
  type TestUser,
  untilProcessed,
  upload,
} from './client.ts';
import { createCorpus, type MaliciousFile } from './malicious-files/corpus.ts';

/** Damaged copies of each kind and format. */
const POINTS = bySize(1, 20);
const SEED = Number(process.env.MALICIOUS_SEED ?? Date.now() % 1_000_000);
const CONCURRENCY = 4;
/** Internal names that no error message may contain. */
const INTERNALS = /vips|sharp|libav|ffmpeg|\/tmp|node_modules|at \w+ \(/i;
/** Types that browsers display or play without executing code. */
const SAFE_INLINE = /^(image\/(png|jpeg|gif|webp|avif)|(audio|video)\/[a-z0-9-]+)(;|$)/;
const EXECUTED_BY_BROWSERS = /html|svg|[/+]xml|script|css|multipart|shockwave|java-|wasm/;

let corpus: MaliciousFile[];
let attacker: TestUser;
beforeAll(async () => {
  [corpus, attacker] = await Promise.all([
    createCorpus({ points: POINTS, seed: SEED }),
    registerOwner(),
  ]);
});

interface Attachment {
  id: string;
  status: 'pending' | 'ready' | 'rejected';
  contentType: string;
  reason?: string;
}

/** The processed attachment, or the error code of the upload. */
async function uploadAndWait({ bytes, name }: MaliciousFile): Promise<Attachment | string> {
  const { token } = attacker;
  const { status, body, headers } = await upload(token, new Blob([bytes as Buffer]), name);
  if (status !== 201) {
    const isProblem = headers.get('content-type')?.startsWith('application/problem+json');
    const text = JSON.stringify(body);
    if (!isProblem || ![400, 413, 415, 422].includes(status)) return `${status} ${text}`;
    return INTERNALS.test(text) ? `internal names: ${text}` : body.code;
  }
  return untilProcessed<Attachment>(token, body.id);
}

/** Describes the error in the response for a stored file; undefined if it is correct. */
async function describeViolation(
  { bytes, acceptedTypes }: MaliciousFile,
  { id, contentType }: Attachment,
) {
  if (EXECUTED_BY_BROWSERS.test(contentType)) return `is stored as ${contentType}`;
  if (acceptedTypes && acceptedTypes !== contentType)
    return `is stored as ${contentType}, not ${acceptedTypes}`;
  const response = await downloadFile(attacker.token, id);
  const header = (name: string) => response.headers.get(name) ?? '';
  if (header('content-type') !== contentType) return `is served as ${header('content-type')}`;
  if (header('x-content-type-options') !== 'nosniff') return 'is served without nosniff';
  if (!header('content-security-policy').includes('sandbox')) return 'is served without a sandbox';
  const isInline = header('content-disposition').startsWith('inline');
  if (isInline && !SAFE_INLINE.test(contentType)) return `is served inline as ${contentType}`;
  if (/[\r\n/\\]/.test(/filename="([^"]*)"/.exec(header('content-disposition'))?.[1] ?? '')) {
    return `is saved as ${header('content-disposition')}`;
  }
  const served = Buffer.from(await response.arrayBuffer());
  return served.equals(Buffer.from(bytes)) ? undefined : 'is served with other bytes';
}

const findProcesses = () =>
  loadRun().services.flatMap(({ kind, name, pid }) =>
    kind === 'websocket' || !pid ? [] : [{ name, pid }],
  );

test('each malicious file is stored with its real type or rejected with a reason, and crashes no service', async () => {
  const processes = findProcesses();
  const violations: string[] = [];
  await mapConcurrent(corpus, CONCURRENCY, async (file) => {
    const outcome = await uploadAndWait(file);
    const code = typeof outcome === 'string' ? outcome : outcome.reason;
    const add = (violation: string) =>
      violations.push(`${file.description} (${file.name.slice(0, 40)}) ${violation}`);
    if (code !== undefined) {
      if (!file.expectedErrors?.includes(code)) add(`is rejected with ${code}`);
      return;
    }
    if (file.expectedErrors && file.acceptedTypes === undefined) return void add('is accepted');
    const violation = await describeViolation(file, outcome as Attachment);
    if (violation) add(violation);
  });
  expect({ seed: SEED, violations }).toEqual({ seed: SEED, violations: [] });
  expect(findProcesses()).toEqual(processes);
}, 300_000);
