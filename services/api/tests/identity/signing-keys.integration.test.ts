import { afterAll, expect, test } from 'bun:test';
import { createPublicKey, type JsonWebKey, verify } from 'node:crypto';
import {
  loadSigningKeys,
  registerAccessKey,
  rotateSigningKeys,
} from '@insightdesk/shared/domain/identity/users';
import { createKeyRing, createTokens, type PublicKey } from '@insightdesk/shared/security';
import { createTestDatabase } from '@insightdesk/shared/testing';
import { createIntegrationApi } from '../../testing/integration-api.ts';
import { createTestUsers } from '../../testing/test-users.ts';

const testDatabase = await createTestDatabase();
const api = createIntegrationApi(undefined, {}, testDatabase.url);
const { container } = api;
const { identityDatabase, keys } = container;
const register = (of = keys, replaces = true) =>
  registerAccessKey(identityDatabase, of, { replaces });
afterAll(async () => {
  await api.close();
  await testDatabase.drop();
});

async function readKeySet() {
  const response = await api.app.request('/.well-known/jwks.json');
  expect([response.status, response.headers.get('Content-Type')]).toEqual([
    200,
    'application/json',
  ]);
  return (await response.json()) as { keys: PublicKey[] };
}

/** A process without secrets, such as the WebSocket service. */
async function createVerifier() {
  const ring = createKeyRing({ load: () => loadSigningKeys(container.database, undefined) });
  await ring.refresh();
  return createTokens(
    { issuer: 'insightdesk', audience: 'insightdesk', accessTtlSeconds: 1 },
    ring,
  );
}

test('GET /.well-known/jwks.json: other systems verify access tokens with it, also after a rotation', async () => {
  const users = createTestUsers(api);
  const { accessToken } = await users.register();
  await register();
  await rotateSigningKeys(container, { maxTtlSeconds: 60 });
  await keys.refresh();
  const keySet = await readKeySet();
  expect(keySet.keys).toHaveLength(2);
  expect(Object.keys(keySet.keys[0] ?? {}).toSorted()).toEqual(
    ['alg', 'crv', 'kid', 'kty', 'use', 'x'].toSorted(),
  );
  const [header = '', payload = '', signature = ''] = accessToken.split('.');
  const { alg, kid } = JSON.parse(Buffer.from(header, 'base64url').toString());
  const jwk = keySet.keys.find((key) => key.kid === kid) as object as JsonWebKey;
  const publicKey = createPublicKey({ key: jwk, format: 'jwk' });
  const bytes = Buffer.from(signature, 'base64url');
  const isValid = verify(null, Buffer.from(`${header}.${payload}`), publicKey, bytes);
  expect([alg, isValid]).toEqual(['EdDSA', true]);
});

test('registerAccessKey: services without secrets verify tokens; a replaced JWT_SECRET verifies nothing', async () => {
  const { accessToken } = await createTestUsers(api).register();
  await register();
  await expect((await createVerifier()).verifyAccess(accessToken)).resolves.toBeDefined();
  const other = createKeyRing({ jwtSecret: 'another secret of JWT, long enough' });
  // During a deployment both are in use.
  await register(other, false);
  await expect((await createVerifier()).verifyAccess(accessToken)).resolves.toBeDefined();
  await register(other);
  await expect((await createVerifier()).verifyAccess(accessToken)).rejects.toMatchObject({
    code: 'TOKEN_INVALID',
  });
  await register();
  await expect((await createVerifier()).verifyAccess(accessToken)).resolves.toBeDefined();
});
