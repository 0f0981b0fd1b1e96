import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createServer, type Server } from 'node:tls';
import { loadConfig } from '@insightdesk/shared/config';
import { issueCertificate } from '../../tools/stack/servers/issue-certificate.ts';
import { checkCertificate } from './check-certificate.ts';
import { checkSecrets } from './check-secrets.ts';
import { judgeValkey } from './check-valkey.ts';
import { isFault, isWarning, judgeClock, look } from './diagnostic.ts';

test.each([
  [0, 10, false],
  [1_900, 10, false],
  [2_500, 10, true],
  [-2_500, 10, true],
  [2_500, 3_000, false],
])('a clock %p ms off, asked within %p ms: a fault is %p', (off, tookMs, fault) => {
  const times = { theirs: 1_000_000 + tookMs / 2 + off, askedAt: 1_000_000 };
  const finding = judgeClock('clock', { ...times, answeredAt: 1_000_000 + tookMs });
  expect(isFault(finding)).toBe(fault);
});

test('a check that hangs or throws is a fault with its fix', async () => {
  const fix = 'mend it';
  const hung = await look('one', () => new Promise(() => {}), { fix, timeoutMs: 10 });
  expect(hung).toEqual([{ name: 'one', found: 'Nothing came within 10 ms', fix }]);
  const threw = await look('two', () => Promise.reject(new Error('no')), { fix });
  expect(threw).toEqual([{ name: 'two', found: 'no', fix }]);
});

const info = (more: Record<string, string> = {}) => {
  const usual = {
    valkey_version: '8.1.1',
    maxmemory: '0',
    used_memory: '1048576',
    maxmemory_policy: 'noeviction',
    aof_enabled: '1',
    aof_last_write_status: 'ok',
    rdb_last_bgsave_status: 'ok',
  };
  const lines = Object.entries({ ...usual, ...more }).map(([name, value]) => `${name}:${value}`);
  return ['# Server', ...lines].join('\r\n');
};
const judged = (text: string, isCache = false) => {
  const found = judgeValkey('valkey', text, isCache);
  const namesOf = (is: typeof isFault) => found.filter(is).map(({ name }) => name);
  return { faults: namesOf(isFault), warnings: namesOf(isWarning) };
};

test.each([
  [{}, []],
  [{ maxmemory_policy: 'allkeys-lru' }, ['valkey policy']],
  [{ aof_enabled: '0' }, ['valkey persistence']],
  [{ aof_last_write_status: 'err' }, ['valkey persistence']],
  [{ rdb_last_bgsave_status: 'err' }, ['valkey persistence']],
  [{ valkey_version: '6.2.0' }, ['valkey']],
])('a Valkey that keeps jobs, with %p, has the faults %p', (more, faults) => {
  expect(judged(info(more as Record<string, string>))).toEqual({ faults, warnings: [] });
});

test('a Valkey that is nearly full is worth a thought', () => {
  const full = info({ maxmemory: '1100000' });
  expect(judged(full)).toEqual({ faults: [], warnings: ['valkey memory'] });
});

test('a cache may forget, and should', () => {
  const cache = { maxmemory_policy: 'allkeys-lru', maxmemory: '104857600', aof_enabled: '0' };
  expect(judged(info(cache), true)).toEqual({ faults: [], warnings: [] });
  expect(judged(info(), true)).toEqual({ faults: [], warnings: ['valkey policy'] });
});

const config = (more: Record<string, string>) =>
  loadConfig({
    directory: import.meta.dir,
    environment: { VALKEY_URL: 'redis://:p@cache:6379', ...secrets, ...more },
  });
const secrets = {
  DATABASE_URL: 'postgres://u:0123456789abcdef@db/d',
  JWT_SECRET: 'f1d2c3b4a5968778695a4b3c2d1e0f9a8b7c6d5e4f30214f',
  JWT_REFRESH_SECRET: '0a1b2c3d4e5f60718293a4b5c6d7e8f90f1e2d3c4b5a6978',
  ENCRYPTION_KEY: '7c6b5a49382716f5e4d3c2b1a09f8e7d6c5b4a392817e6f5',
};
const weak = (more: Record<string, string> = {}) =>
  checkSecrets(config(more)).filter(({ fix }) => fix);

test('weak secrets are named and never shown; when deployed they are faults', () => {
  expect(weak().map(({ name }) => name)).toEqual(['VALKEY_URL']);
  const dull = 'abababababababababababababababababcdefghij';
  const inDevelopment = weak({ JWT_SECRET: dull, VALKEY_URL: 'redis://cache:6379' });
  expect(inDevelopment.map(({ name }) => name)).toEqual(['JWT_SECRET', 'VALKEY_URL']);
  expect(inDevelopment.some(isFault)).toBe(false);
  expect(JSON.stringify(inDevelopment)).not.toContain(dull);
  const twice = weak({ ENCRYPTION_KEY: secrets.JWT_SECRET });
  expect(twice.map(({ found }) => found)).toContain('is used twice');
  const deployed = weak({ NODE_ENV: 'staging', JWT_SECRET: dull, SMTP_HOST: 'mail.example' });
  expect(deployed.filter(isFault).map(({ name }) => name)).toEqual(['JWT_SECRET', 'VALKEY_URL']);
  expect(weak({ VALKEY_URL: 'redis://127.0.0.1:6379' })).toEqual([]);
});

let nginx: Server;
let url: string;
let ca: string;
beforeAll(async () => {
  const { certificate: cert, key, ca: authority } = await issueCertificate();
  ca = authority;
  nginx = createServer({ cert, key });
  await new Promise<void>((resolve) => nginx.listen(0, '127.0.0.1', resolve));
  const address = nginx.address();
  url = `https://localhost:${typeof address === 'object' ? address?.port : 0}`;
});
afterAll(() => void nginx.close());

const inDays = (days: number) => Date.now() + days * 86_400_000;
test.each([
  [0, false, false],
  [810, false, true],
  [820, true, false],
  [830, true, false],
])('a certificate of 825 days, after %p days: fault %p, warning %p', async (days, fault, warn) => {
  const [finding, trust] = await checkCertificate({ url, ca, now: inDays(days) });
  expect(finding).toBeDefined();
  if (finding) expect([isFault(finding), isWarning(finding)]).toEqual([fault, warn]);
  expect(trust?.found).toBe('trusted');
});

test('a certificate that browsers would refuse is a fault', async () => {
  const [, stranger] = await checkCertificate({ url });
  expect(stranger && isFault(stranger)).toBe(true);
});
