import { afterAll, beforeAll, expect, test } from 'bun:test';
import { createServer, type Server } from 'node:tls';
import { loadConfig } from '@insightdesk/shared/config';
import { issueCertificate } from '../../../tools/stack/servers/issue-certificate.ts';
import { checkCertificate } from './check-certificate.ts';
import { checkSecrets } from './check-secrets.ts';
import { checkInfo } from './check-valkey.ts';
import { compareClock, isError, isWarning, runCheck } from './diagnostic.ts';

test.each([
  [0, 10, false],
  [1_900, 10, false],
  [2_500, 10, true],
  [-2_500, 10, true],
  [2_500, 3_000, false],
])('compareClock: %p ms off, read within %p ms, is an error: %p', (off, tookMs, expected) => {
  const times = { theirs: 1_000_000 + tookMs / 2 + off, askedAt: 1_000_000 };
  const finding = compareClock('clock', { ...times, answeredAt: 1_000_000 + tookMs });
  expect(isError(finding)).toBe(expected);
});

test('a check that hangs or throws is an error with its fix', async () => {
  const fix = 'fix it';
  const hung = await runCheck('one', () => new Promise(() => {}), { fix, timeoutMs: 10 });
  expect(hung).toEqual([{ name: 'one', found: 'Timed out after 10 ms', fix }]);
  const threw = await runCheck('two', () => Promise.reject(new Error('no')), { fix });
  expect(threw).toEqual([{ name: 'two', found: 'no', fix }]);
});

const info = (more: Record<string, string> = {}) => {
  const defaults = {
    valkey_version: '8.1.1',
    maxmemory: '0',
    used_memory: '1048576',
    maxmemory_policy: 'noeviction',
    aof_enabled: '1',
    aof_last_write_status: 'ok',
    rdb_last_bgsave_status: 'ok',
  };
  const lines = Object.entries({ ...defaults, ...more }).map(([name, value]) => `${name}:${value}`);
  return ['# Server', ...lines].join('\r\n');
};
const strengths = (text: string, isCache = false) => {
  const found = checkInfo('valkey', text, isCache);
  const namesOf = (is: typeof isError) => found.filter(is).map(({ name }) => name);
  return { errors: namesOf(isError), warnings: namesOf(isWarning) };
};

test.each([
  [{}, []],
  [{ maxmemory_policy: 'allkeys-lru' }, ['valkey policy']],
  [{ aof_enabled: '0' }, ['valkey persistence']],
  [{ aof_last_write_status: 'err' }, ['valkey persistence']],
  [{ rdb_last_bgsave_status: 'err' }, ['valkey persistence']],
  [{ valkey_version: '6.2.0' }, ['valkey']],
])('checkInfo of a queue Valkey with %p reports the errors %p', (more, errors) => {
  expect(strengths(info(more as Record<string, string>))).toEqual({ errors, warnings: [] });
});

test('checkInfo warns when Valkey is nearly full', () => {
  const full = info({ maxmemory: '1100000' });
  expect(strengths(full)).toEqual({ errors: [], warnings: ['valkey memory'] });
});

test('checkInfo accepts a cache that evicts and warns about one that does not', () => {
  const cache = { maxmemory_policy: 'allkeys-lru', maxmemory: '104857600', aof_enabled: '0' };
  expect(strengths(info(cache), true)).toEqual({ errors: [], warnings: [] });
  expect(strengths(info(), true)).toEqual({ errors: [], warnings: ['valkey policy'] });
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

test('weak secrets are named and never shown, and are errors in production', () => {
  expect(weak().map(({ name }) => name)).toEqual(['VALKEY_URL']);
  const dull = 'abababababababababababababababababcdefghij';
  const inDevelopment = weak({ JWT_SECRET: dull, VALKEY_URL: 'redis://cache:6379' });
  expect(inDevelopment.map(({ name }) => name)).toEqual(['JWT_SECRET', 'VALKEY_URL']);
  expect(inDevelopment.some(isError)).toBe(false);
  expect(JSON.stringify(inDevelopment)).not.toContain(dull);
  const twice = weak({ ENCRYPTION_KEY: secrets.JWT_SECRET });
  expect(twice.map(({ found }) => found)).toContain('is used for two secrets');
  const deployed = weak({ NODE_ENV: 'staging', JWT_SECRET: dull, SMTP_HOST: 'mail.example' });
  expect(deployed.filter(isError).map(({ name }) => name)).toEqual(['JWT_SECRET', 'VALKEY_URL']);
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
  [380, false, true],
  [392, true, false],
  [400, true, false],
])(
  'a certificate of 397 days, after %p days: error %p, warning %p',
  async (days, error, warning) => {
    const [finding, trust] = await checkCertificate({ url, ca, now: inDays(days) });
    expect(finding).toBeDefined();
    if (finding) expect([isError(finding), isWarning(finding)]).toEqual([error, warning]);
    expect(trust?.found).toBe('trusted');
  },
);

test('a certificate that browsers would refuse is an error', async () => {
  const [, otherHost] = await checkCertificate({ url });
  expect(otherHost && isError(otherHost)).toBe(true);
});
