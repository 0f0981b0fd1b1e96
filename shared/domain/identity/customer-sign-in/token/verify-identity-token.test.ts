import { describe, expect, test } from 'bun:test';
import { createHmac, generateKeyPairSync, type KeyObject, sign } from 'node:crypto';
import { newId } from '@insightdesk/shared/utils';
import {
  readTokenReference,
  type VerificationKey,
  verifyIdentityToken,
} from './verify-identity-token.ts';

const tenantId = newId('org');
const keyId = newId('idk');
const secret = 'a secret of at least thirty-two bytes!';
const now = 1_800_000_000;
const pair = generateKeyPairSync('ed25519');
const jwk = JSON.stringify(pair.publicKey.export({ format: 'jwk' }));
const pem = pair.publicKey.export({ format: 'pem', type: 'spki' }).toString();
const hs256: VerificationKey = { algorithm: 'HS256', material: secret };
const eddsa: VerificationKey = { algorithm: 'EdDSA', material: jwk };
const valid = { sub: 'u-1', aud: tenantId as unknown, exp: now + 300, iat: now };

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A token with any header and claims; jose would refuse to sign most of them. */
function issue(claims: object, header: object = {}, key: string | KeyObject = secret): string {
  const alg = typeof key === 'string' ? 'HS256' : 'EdDSA';
  const body = `${encode({ alg, kid: keyId, ...header })}.${encode({ ...valid, ...claims })}`;
  const signature =
    typeof key === 'string'
      ? createHmac('sha256', key).update(body).digest()
      : sign(null, Buffer.from(body), key);
  return `${body}.${signature.toString('base64url')}`;
}

const verify = async (token: string, key = hs256) => {
  readTokenReference(token);
  return verifyIdentityToken(token, key, now * 1000);
};
const reasonOf = (token: string, key = hs256) =>
  verify(token, key).then(
    () => 'accepted',
    (error) => `${error.status} ${error.code} ${error.message.replace('The identity token ', '')}`,
  );

describe('identity tokens', () => {
  test('valid tokens are accepted with both algorithms', async () => {
    const claims = { email: 'Ann@Example.com', email_verified: true, name: 'Ann', jti: 'one' };
    expect(readTokenReference(issue(claims))).toEqual({ tenantId, keyId });
    for (const [token, key] of [
      [issue(claims), hs256],
      [issue(claims, { typ: 'JWT' }, pair.privateKey), eddsa],
      [issue({ ...claims, aud: ['https://product.example', tenantId] }), hs256],
      [issue({ ...claims, iat: undefined, exp: now + 3_600 }), hs256],
      [issue({ ...claims, iat: now + 59, exp: now + 3_600, nbf: now + 59 }), hs256],
    ] as const) {
      expect(await verify(token, key)).toMatchObject({
        externalId: 'u-1',
        tokenId: 'one',
        profile: { email: 'ann@example.com', isEmailVerified: true, name: 'Ann' },
      });
    }
  });

  test('invalid profile claims are ignored, and only `true` verifies an address', async () => {
    const claims = {
      name: 7,
      email: 'no address',
      email_verified: true,
      picture: 'http://example.com/a.png',
      zoneinfo: 'Mars/Base',
      locale: 'pt-BR',
    };
    expect((await verify(issue(claims))).profile).toEqual({
      email: undefined,
      isEmailVerified: false,
      name: undefined,
      avatarUrl: undefined,
      timeZone: undefined,
      language: 'pt-BR',
    });
    const text = { email: 'a@example.com', email_verified: 'true' };
    expect((await verify(issue(text))).profile).toMatchObject({ isEmailVerified: false });
  });

  test.each([
    ['an expired one', issue({ exp: now - 1 }), 'has expired'],
    ['one that is not valid yet', issue({ nbf: now + 61 }), 'is not valid yet'],
    ['one from the future', issue({ iat: now + 61, exp: now + 120 }), 'was issued in the future'],
    ['a lifetime over an hour', issue({ exp: now + 3_601 }), 'is valid for more than one hour'],
    ['an hour from long ago', issue({ iat: now - 7_200 }), 'is valid for more than one hour'],
    [
      'an exp in the far future',
      issue({ iat: undefined, exp: now + 9_999 }),
      'is valid for more than one hour',
    ],
    ['an exp as text', issue({ exp: '9' }), 'has a missing or invalid claim: exp'],
    ['no exp', issue({ exp: undefined }), 'has a missing or invalid claim: exp'],
    ['an infinite exp', issue({ exp: 1e300 }), 'has a missing or invalid claim: exp'],
    ['no sub', issue({ sub: undefined }), 'has a missing or invalid claim: sub'],
    ['an empty sub', issue({ sub: '' }), 'has a missing or invalid claim: sub'],
    [
      'a sub of 201 characters',
      issue({ sub: 'x'.repeat(201) }),
      'has a missing or invalid claim: sub',
    ],
    ['an empty jti', issue({ jti: '' }), 'has a missing or invalid claim: jti'],
    ['no aud', issue({ aud: undefined }), 'must have the id of one organization as aud'],
    [
      'another aud',
      issue({ aud: 'https://desk.example' }),
      'must have the id of one organization as aud',
    ],
    [
      'two organizations',
      issue({ aud: [tenantId, newId('org')] }),
      'must have the id of one organization as aud',
    ],
    ['another secret', issue({}, {}, 'another secret'), 'has a wrong signature'],
    ['the public key as a secret', issue({}, {}, pem), 'has a wrong signature'],
    [
      'EdDSA with a key of HS256',
      issue({}, {}, pair.privateKey),
      'must be signed with the algorithm of its key',
    ],
    ['no signature', `${issue({}).split('.').slice(0, 2).join('.')}.`, 'has a wrong signature'],
    ['no dots', 'x', 'is not a signed JWT'],
    ['an empty token', '', 'is not a signed JWT'],
    [
      'a list as content',
      `${encode({ alg: 'HS256', kid: keyId })}.${encode([])}.x`,
      'is not a signed JWT',
    ],
  ])('refused: %s', async (_, token, reason) => {
    expect(await reasonOf(token)).toBe(`401 IDENTITY_TOKEN_INVALID ${reason}`);
  });

  test('refused: HS256 with the text of the EdDSA public key', async () => {
    for (const text of [pem, pem.trim(), jwk, JSON.parse(jwk).x]) {
      expect(await reasonOf(issue({}, {}, text), eddsa)).toContain('algorithm of its key');
      expect(await reasonOf(issue({}, { alg: 'EdDSA' }, text), eddsa)).toContain('wrong signature');
    }
  });

  test.each(['none', 'None', 'HS512', 'RS256', 'ES256', 'Ed25519', '', undefined, 7])(
    'refused: alg %p',
    async (alg) => {
      expect(await reasonOf(issue({}, { alg }))).toContain('HS256 or EdDSA as alg');
    },
  );

  test.each(['crit', 'b64', 'jwk', 'jku', 'x5c', 'x5u', 'zip'])(
    'refused: the header parameter %s',
    async (name) => {
      const value = name === 'jwk' ? JSON.parse(jwk) : name === 'crit' ? ['exp'] : 'x';
      expect(await reasonOf(issue({}, { [name]: value }))).toContain(`header parameter ${name}`);
    },
  );

  test.each([undefined, 'x', '', newId('key'), [[keyId]]])('refused: kid %p', async (kid) => {
    expect(await reasonOf(issue({}, { kid }))).toContain('id of an identity key as kid');
  });

  test('refused: an access token', async () => {
    expect(await reasonOf(issue({}, { typ: 'at+jwt' }))).toContain('IDENTITY_TOKEN_INVALID');
  });
});
