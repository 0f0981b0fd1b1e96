import { afterEach, expect, setSystemTime, test } from 'bun:test';
import { newId } from '@insightdesk/shared/utils';
import { createLocalJWKSet, jwtVerify, SignJWT, UnsecuredJWT } from 'jose';
import { deriveAccessKey } from './access-keys.ts';
import { createTokens } from './tokens.ts';

const secret = 'x'.repeat(40);
const options = { jwtSecret: secret, issuer: 'i', audience: 'a', accessTtlSeconds: 900 };
const tokens = createTokens(options);
const keyId = deriveAccessKey(secret).id;
const claims = {
  userId: newId('usr'),
  tenantId: newId('org'),
  sessionId: newId('ses'),
  role: 'agent' as const,
};

afterEach(() => void setSystemTime());

test('tokens: a signed token verifies repeatedly', async () => {
  const { token, expiresIn } = await tokens.signAccess(claims);
  expect(expiresIn).toBe(900);
  expect(await tokens.verifyAccess(token)).toMatchObject(claims);
  expect(await tokens.verifyAccess(token)).toMatchObject(claims);
});

test('tokens: another library verifies a token with the published key', async () => {
  const { token } = await tokens.signAccess(claims);
  const keys = tokens.listPublicKeys();
  expect(keys).toEqual([
    { kty: 'OKP', crv: 'Ed25519', alg: 'EdDSA', use: 'sig', kid: keyId, x: keyId },
  ]);
  const keySet = createLocalJWKSet({ keys });
  const { payload } = await jwtVerify(token, keySet, { issuer: 'i', audience: 'a' });
  expect(payload.sub).toBe(claims.userId);
});

test('tokens: a token has the identity provider of its session', async () => {
  const providerId = newId('idp');
  const { token } = await tokens.signAccess({ ...claims, providerId });
  expect(await tokens.verifyAccess(token)).toMatchObject({ providerId });
});

test('tokens: a token has the permissions of a custom role, without unknown ones', async () => {
  const restriction = {
    roleId: newId('rol'),
    version: 2,
    permissions: ['members:read', 'removed:permission'] as never,
  };
  const { token } = await tokens.signAccess({ ...claims, restriction });
  const known = { ...restriction, permissions: ['members:read'] };
  expect(await tokens.verifyAccess(token)).toMatchObject({
    ...claims,
    restriction: known,
  } as object);
});

test('tokens: an expired token is TOKEN_EXPIRED, also when it was verified before', async () => {
  const brief = createTokens({ ...options, accessTtlSeconds: 60 });
  const { token } = await brief.signAccess(claims);
  await brief.verifyAccess(token);
  setSystemTime(Date.now() + 61_000);
  await expect(brief.verifyAccess(token)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
  await expect(tokens.verifyAccess(token)).rejects.toMatchObject({ code: 'TOKEN_EXPIRED' });
});

const forge = (jwtSecret: string, header: object, payload: object, hmac?: string) =>
  new SignJWT({ org: claims.tenantId, sid: claims.sessionId, role: 'owner', ...payload })
    .setProtectedHeader({ alg: 'EdDSA', typ: 'at+jwt', kid: keyId, ...header })
    .setSubject(claims.userId)
    .setIssuer('i')
    .setAudience('a')
    .setExpirationTime('1h')
    .sign(hmac ? new TextEncoder().encode(hmac) : deriveAccessKey(jwtSecret).privateKey);

/** A valid token with other claims and the former signature. */
async function changePayload(change: object) {
  const [header, payload = '', signature] = (await tokens.signAccess(claims)).token.split('.');
  const former = JSON.parse(Buffer.from(payload, 'base64url').toString());
  const body = Buffer.from(JSON.stringify({ ...former, ...change })).toString('base64url');
  return `${header}.${body}.${signature}`;
}

test.each([
  ['nonsense', async () => 'nonsense'],
  ['no signature', async () => new UnsecuredJWT({ sub: claims.userId }).encode()],
  ['another key', () => forge('y'.repeat(40), {}, {})],
  ['a changed payload', () => changePayload({ org: newId('org') })],
  ['another type', () => forge(secret, { typ: 'JWT' }, {})],
  ['no key id', () => forge(secret, { kid: undefined }, {})],
  ['an HMAC by the secret', () => forge(secret, { alg: 'HS256' }, {}, secret)],
  ['an HMAC by the public key', () => forge(secret, { alg: 'HS256' }, {}, keyId)],
  ['an unknown role', () => forge(secret, {}, { role: 'god' })],
  [
    'a malformed custom role',
    () => forge(secret, {}, { grant: { id: 'rol_1', version: 1, permissions: [] } }),
  ],
  ['an empty custom role', () => forge(secret, {}, { grant: null })],
  ['a malformed id', () => forge(secret, {}, { org: 'org_1' })],
  ['a malformed identity provider', () => forge(secret, {}, { idp: 'idp_1' })],
])('tokens: %s is refused', async (_, make) => {
  await expect(tokens.verifyAccess(await make())).rejects.toMatchObject({
    status: 401,
    code: 'TOKEN_INVALID',
  });
});
