import { expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { decodeProtectedHeader, SignJWT } from 'jose';
import { createKeyRing, type StoredKey } from './key-ring.ts';
import { createTokenCodec } from './token-codec.ts';
import { createTokens } from './tokens.ts';

const configuration = { jwtSecret: 'j'.repeat(40), refreshSecret: 'r'.repeat(40) };
const options = { ...configuration, issuer: 'i', audience: 'a', accessTtlSeconds: 900 };
const claims = {
  userId: newId('usr'),
  tenantId: newId('org'),
  sessionId: newId('ses'),
  role: 'agent' as const,
};
const key = (id: string, more: Partial<StoredKey> = {}): StoredKey => ({
  id,
  master: `master of ${id}`,
  isSigning: true,
  hasEnded: false,
  ...more,
});

/** A process with a key ring that loads the stored keys. */
function createProcess(stored: StoredKey[]) {
  let loads = 0;
  const ring = createKeyRing({
    ...configuration,
    load: async () => {
      loads++;
      return stored;
    },
  });
  return {
    ring,
    tokens: createTokens(options, ring),
    codec: createTokenCodec(ring),
    loads: () => loads,
  };
}

const kidOf = (token: string) => decodeProtectedHeader(token).kid;

test('key ring: the newest signing key signs; older keys and tokens without a key id verify', async () => {
  const stored: StoredKey[] = [];
  const { ring, tokens, codec } = createProcess(stored);
  const first = await tokens.signAccess(claims);
  const sealed = codec.encode('refresh', ['a']);
  expect(sealed.split('.')).toHaveLength(2);
  stored.push(key('one', { isSigning: false }));
  await ring.refresh();
  expect(kidOf((await tokens.signAccess(claims)).token)).toBe(ring.configured.id);
  stored[0] = key('one');
  await ring.refresh();
  const second = await tokens.signAccess(claims);
  expect(kidOf(second.token)).toBe('one');
  const later = codec.encode('refresh', ['b']);
  stored.push(key('two'));
  await ring.refresh();
  expect(kidOf((await tokens.signAccess(claims)).token)).toBe('two');
  const withoutKeyId = await new SignJWT({
    org: claims.tenantId,
    sid: claims.sessionId,
    role: 'agent',
  })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setSubject(claims.userId)
    .setIssuer('i')
    .setAudience('a')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(configuration.jwtSecret));
  for (const token of [first.token, second.token, withoutKeyId]) {
    expect(await tokens.verifyAccess(token)).toMatchObject(claims);
  }
  expect([sealed, later].map((token) => codec.decode('refresh', token))).toEqual([['a'], ['b']]);
});

test('key ring: an unknown key id of another process is loaded', async () => {
  const stored: StoredKey[] = [];
  const late = createProcess(stored);
  await late.ring.refresh();
  stored.push(key('one'));
  const early = createProcess(stored);
  await early.ring.refresh();
  const { token } = await early.tokens.signAccess(claims);
  expect(await late.tokens.verifyAccess(token)).toMatchObject(claims);
});

test('key ring: an ended key verifies nothing, also cached tokens and the configured key', async () => {
  const stored = [key('one')];
  const { ring, tokens, codec } = createProcess(stored);
  const first = await tokens.signAccess(claims);
  await tokens.verifyAccess(first.token);
  await ring.refresh();
  const second = await tokens.signAccess(claims);
  await tokens.verifyAccess(second.token);
  const sealed = codec.encode('refresh', ['a']);
  stored.push(key('two'));
  stored[0] = key('one', { hasEnded: true });
  stored.push({ id: ring.configured.id, master: undefined, isSigning: true, hasEnded: true });
  await ring.refresh();
  for (const { token } of [first, second]) {
    await expect(tokens.verifyAccess(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  }
  expect(codec.decode('refresh', sealed)).toBeUndefined();
  expect(kidOf((await tokens.signAccess(claims)).token)).toBe('two');
});

test('key ring: forged key ids are refused without a load each', async () => {
  const { tokens, loads } = createProcess([key('one')]);
  const forge = (kid: string) =>
    new SignJWT({ org: claims.tenantId, sid: claims.sessionId, role: 'owner' })
      .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt', kid })
      .setSubject(claims.userId)
      .setExpirationTime('1h')
      .sign(new TextEncoder().encode('forged'));
  const kids = [...Array(100).keys()].map((n) => `forged-${n}`);
  const forged = await Promise.all([...kids, 'one', '__proto__', '../../x'].map(forge));
  const outcomes = await Promise.allSettled(forged.map((token) => tokens.verifyAccess(token)));
  expect(outcomes.every(({ status }) => status === 'rejected')).toBe(true);
  expect(loads()).toBeLessThan(10);
});

test('key ring: an unavailable database does not invalidate tokens of known keys', async () => {
  const unavailable = Object.assign(new Error('unavailable'), { status: 503 });
  const { ring } = createProcess([key('one')]);
  await ring.refresh();
  const { token } = await createTokens(options, ring).signAccess(claims);
  const offline = createKeyRing({ ...configuration, load: () => Promise.reject(unavailable) });
  await expect(createTokens(options, offline).verifyAccess(token)).rejects.toBeDefined();
  const own = await createTokens(options, offline).signAccess(claims);
  expect(await createTokens(options, offline).verifyAccess(own.token)).toMatchObject(claims);
});
