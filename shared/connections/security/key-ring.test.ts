import { expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { decodeProtectedHeader, SignJWT } from 'jose';
import { createKeyRing, type StoredKey } from './key-ring.ts';
import { createSealer } from './sealer.ts';
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

/** A process that learns what is stored when it asks. */
function openProcess(stored: StoredKey[]) {
  let asked = 0;
  const ring = createKeyRing({
    ...configuration,
    load: async () => {
      asked++;
      return stored;
    },
  });
  return {
    ring,
    tokens: createTokens(options, ring),
    sealer: createSealer(ring),
    asked: () => asked,
  };
}

const kidOf = (token: string) => decodeProtectedHeader(token).kid;

test('the newest key signs once it may; those before it, and tokens without an id, verify', async () => {
  const stored: StoredKey[] = [];
  const { ring, tokens, sealer } = openProcess(stored);
  const first = await tokens.signAccess(claims);
  const sealed = sealer.seal('refresh', ['a']);
  expect(sealed.split('.')).toHaveLength(2);
  stored.push(key('one', { isSigning: false }));
  await ring.refresh();
  expect(kidOf((await tokens.signAccess(claims)).token)).toBe(ring.first.id);
  stored[0] = key('one');
  await ring.refresh();
  const second = await tokens.signAccess(claims);
  expect(kidOf(second.token)).toBe('one');
  const later = sealer.seal('refresh', ['b']);
  stored.push(key('two'));
  await ring.refresh();
  expect(kidOf((await tokens.signAccess(claims)).token)).toBe('two');
  const nameless = await new SignJWT({ org: claims.tenantId, sid: claims.sessionId, role: 'agent' })
    .setProtectedHeader({ alg: 'HS256', typ: 'at+jwt' })
    .setSubject(claims.userId)
    .setIssuer('i')
    .setAudience('a')
    .setExpirationTime('1h')
    .sign(new TextEncoder().encode(configuration.jwtSecret));
  for (const token of [first.token, second.token, nameless]) {
    expect(await tokens.verifyAccess(token)).toMatchObject(claims);
  }
  expect([sealed, later].map((token) => sealer.open('refresh', token))).toEqual([['a'], ['b']]);
});

test('what another process signed with a key that is new is looked up, not refused', async () => {
  const stored: StoredKey[] = [];
  const late = openProcess(stored);
  await late.ring.refresh();
  stored.push(key('one'));
  const early = openProcess(stored);
  await early.ring.refresh();
  const { token } = await early.tokens.signAccess(claims);
  expect(await late.tokens.verifyAccess(token)).toMatchObject(claims);
});

test('a key that has ended verifies nothing, whatever is remembered; the first one too', async () => {
  const stored = [key('one')];
  const { ring, tokens, sealer } = openProcess(stored);
  const first = await tokens.signAccess(claims);
  await tokens.verifyAccess(first.token);
  await ring.refresh();
  const second = await tokens.signAccess(claims);
  await tokens.verifyAccess(second.token);
  const sealed = sealer.seal('refresh', ['a']);
  stored.push(key('two'));
  stored[0] = key('one', { hasEnded: true });
  stored.push({ id: ring.first.id, master: undefined, isSigning: true, hasEnded: true });
  await ring.refresh();
  for (const { token } of [first, second]) {
    await expect(tokens.verifyAccess(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  }
  expect(sealer.open('refresh', sealed)).toBeUndefined();
  expect(kidOf((await tokens.signAccess(claims)).token)).toBe('two');
});

test('forged ids of keys are refused, and are not a question each', async () => {
  const { tokens, asked } = openProcess([key('one')]);
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
  expect(asked()).toBeLessThan(10);
});

test('a database that is away is not the token’s fault', async () => {
  const away = Object.assign(new Error('away'), { status: 503 });
  const { ring } = openProcess([key('one')]);
  await ring.refresh();
  const { token } = await createTokens(options, ring).signAccess(claims);
  const deaf = createKeyRing({ ...configuration, load: () => Promise.reject(away) });
  await expect(createTokens(options, deaf).verifyAccess(token)).rejects.toBeDefined();
  const own = await createTokens(options, deaf).signAccess(claims);
  expect(await createTokens(options, deaf).verifyAccess(own.token)).toMatchObject(claims);
});
