import { expect, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { decodeProtectedHeader, SignJWT } from 'jose';
import { deriveAccessKey } from './access-keys.ts';
import { createKeyRing, type KeyRing, type StoredKey } from './key-ring.ts';
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
const masterOf = (name: string) => `master of ${name}`;
const idOf = (name: string) => deriveAccessKey(configuration.jwtSecret, masterOf(name)).id;
const key = (name: string, more: Partial<StoredKey> = {}): StoredKey => ({
  id: idOf(name),
  master: masterOf(name),
  isSigning: true,
  hasEnded: false,
  ...more,
});
const configuredKey = ({ ring }: { ring: KeyRing }, hasEnded = false): StoredKey[] =>
  [ring.configured.id, ring.configuredAccess?.id ?? ''].map((id) => ({
    id,
    master: undefined,
    isSigning: true,
    hasEnded,
  }));

/** A process with a key ring that loads the stored keys. */
function createProcess(stored: StoredKey[], secrets: object = configuration) {
  let loads = 0;
  const ring = createKeyRing({
    ...secrets,
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

test('key ring: the newest signing key signs, older keys verify', async () => {
  const stored: StoredKey[] = [];
  const { ring, tokens, codec } = createProcess(stored);
  const first = await tokens.signAccess(claims);
  const sealed = codec.encode('refresh', ['a']);
  expect(sealed.split('.')).toHaveLength(2);
  stored.push(key('one', { isSigning: false }));
  await ring.refresh();
  expect(kidOf((await tokens.signAccess(claims)).token)).toBe(ring.configuredAccess?.id);
  stored[0] = key('one');
  await ring.refresh();
  const second = await tokens.signAccess(claims);
  expect(kidOf(second.token)).toBe(idOf('one'));
  const later = codec.encode('refresh', ['b']);
  stored.push(key('two'));
  await ring.refresh();
  expect(kidOf((await tokens.signAccess(claims)).token)).toBe(idOf('two'));
  for (const token of [first.token, second.token]) {
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
  const process = createProcess(stored);
  const { ring, tokens, codec } = process;
  const first = await tokens.signAccess(claims);
  await tokens.verifyAccess(first.token);
  await ring.refresh();
  const second = await tokens.signAccess(claims);
  await tokens.verifyAccess(second.token);
  const sealed = codec.encode('refresh', ['a']);
  stored.push(key('two'));
  stored[0] = key('one', { hasEnded: true });
  stored.push(...configuredKey(process, true));
  await ring.refresh();
  for (const { token } of [first, second]) {
    await expect(tokens.verifyAccess(token)).rejects.toMatchObject({ code: 'TOKEN_INVALID' });
  }
  expect(codec.decode('refresh', sealed)).toBeUndefined();
  expect(kidOf((await tokens.signAccess(claims)).token)).toBe(idOf('two'));
});

test('key ring: forged key ids are refused without a load each', async () => {
  const { tokens, loads } = createProcess([key('one')]);
  const forge = (kid: string) =>
    new SignJWT({ org: claims.tenantId, sid: claims.sessionId, role: 'owner' })
      .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid })
      .setSubject(claims.userId)
      .setExpirationTime('1h')
      .sign(deriveAccessKey('forged').privateKey);
  const kids = [...Array(100).keys()].map((n) => idOf(`forged ${n}`));
  const forged = await Promise.all([...kids, idOf('one'), '__proto__', '../../x'].map(forge));
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

test('key ring: a process without secrets verifies access tokens by stored public keys, and signs nothing', async () => {
  const stored = [key('one')];
  const api = createProcess(stored);
  stored.unshift(...configuredKey(api));
  const masters = stored.map((each) => ({ ...each, master: undefined }));
  const { ring, tokens, codec } = createProcess(masters, {});
  const first = await api.tokens.signAccess(claims);
  await api.ring.refresh();
  const second = await api.tokens.signAccess(claims);
  expect(kidOf(second.token)).toBe(idOf('one'));
  for (const { token } of [first, second]) {
    expect(await tokens.verifyAccess(token)).toMatchObject(claims);
  }
  const { jwtSecret } = configuration;
  const secrets = [...ring.listPublicKeys(), ring.configured.id].map((id) => ring.find(id));
  expect(JSON.stringify(secrets)).not.toContain(jwtSecret);
  expect(secrets.flatMap((each) => each?.privateKey ?? each?.tokenSecret ?? [])).toEqual([]);
  await expect(tokens.signAccess(claims)).rejects.toMatchObject({ name: 'ConfigurationError' });
  expect(() => codec.encode('refresh', ['a'])).toThrow('JWT_REFRESH_SECRET');
});

test('key ring: a process that decrypts stored keys without JWT_SECRET reads links but signs no access token', async () => {
  const { refreshSecret } = configuration;
  const api = createProcess([key('one')]);
  const worker = createProcess([key('one')], { refreshSecret });
  await Promise.all([api.ring.refresh(), worker.ring.refresh()]);
  const link = worker.codec.encode('invitation', ['a']);
  expect(api.codec.decode('invitation', link)).toEqual(['a']);
  expect(worker.ring.find(idOf('one'))?.privateKey).toBeUndefined();
  await expect(worker.tokens.signAccess(claims)).rejects.toMatchObject({
    name: 'ConfigurationError',
  });
});

test('key ring: another JWT_SECRET signs with its own key, not with those stored before', async () => {
  const stored = [key('one')];
  const { ring, tokens } = createProcess(stored, { ...configuration, jwtSecret: 'n'.repeat(40) });
  await ring.refresh();
  const { token } = await tokens.signAccess(claims);
  expect(kidOf(token)).toBe(ring.configuredAccess?.id);
  expect(await tokens.verifyAccess(token)).toMatchObject(claims);
});
