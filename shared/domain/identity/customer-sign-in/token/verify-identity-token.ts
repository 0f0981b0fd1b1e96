import { createPublicKey, type KeyObject } from 'node:crypto';
import { type Id, idSchema, isId } from '@insightdesk/shared/contract';
import { externalId } from '@insightdesk/shared/domain/desk/contacts';
import { compactVerify, decodeJwt, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { CustomerSignInErrors } from '../errors.ts';
import { identityKeyAlgorithms } from '../view.ts';
import { type IdentityProfile, readProfile } from './read-profile.ts';

export const MAX_TOKEN_LENGTH = 8_192;
const MAX_LIFETIME_SECONDS = 3_600;
/** How much the clock of the product may differ. */
const SKEW_SECONDS = 60;

/** What an organization signs identity tokens with: a secret or an Ed25519 public key. */
export interface VerificationKey {
  algorithm: (typeof identityKeyAlgorithms)[number];
  /** HS256: the secret. EdDSA: the public key as a JWK, in JSON. */
  material: string;
}

/** The verified content of a token. */
export interface Identity {
  externalId: string;
  tokenId: string | undefined;
  expiresAt: Date;
  profile: IdentityProfile;
}

/** The organization and the key that a token names; nothing of it is verified. */
export interface TokenReference {
  tenantId: Id<'org'>;
  keyId: Id<'idk'>;
}

/** Parameters that choose a key or change how a token is read (RFC 7515, RFC 7797). */
const refusedParameters = ['crit', 'b64', 'zip', 'jwk', 'jku', 'x5c', 'x5u', 'x5t', 'x5t#S256'];

const headerSchema = z.looseObject({
  alg: z.enum(identityKeyAlgorithms),
  kid: idSchema('idk'),
  typ: z.string().regex(/^jwt$/i).optional(),
});

const audience = z.union([z.string(), z.array(z.string()).max(20)]);
const seconds = z.number().min(0).max(99_999_999_999);
const claimsSchema = z.looseObject({
  sub: externalId,
  exp: seconds,
  iat: seconds.optional(),
  nbf: seconds.optional(),
  jti: z.string().min(1).max(200).optional(),
});

const { TokenInvalid } = CustomerSignInErrors;

/** Throws 401 unless the token names exactly one organization and a key. */
export function readTokenReference(token: string): TokenReference {
  const header = headerSchema.safeParse(read(() => decodeProtectedHeader(token)));
  const refused = refusedParameters.find((name) => Object.hasOwn(header.data ?? {}, name));
  if (refused) throw TokenInvalid(`must not have the header parameter ${refused}`);
  if (!header.success) {
    throw TokenInvalid('must have the id of an identity key as kid, and HS256 or EdDSA as alg');
  }
  const given = audience.safeParse(read(() => decodeJwt(token)).aud);
  const organizations = [given.data ?? []].flat().filter((name) => isId('org', name));
  const [tenantId, another] = organizations;
  if (!tenantId || another) throw TokenInvalid('must have the id of one organization as aud');
  return { tenantId, keyId: header.data.kid };
}

/** Verifies the signature by the algorithm of the key, then the claims; throws 401. */
export async function verifyIdentityToken(
  token: string,
  key: VerificationKey,
  now = Date.now(),
): Promise<Identity> {
  if (decodeProtectedHeader(token).alg !== key.algorithm) {
    throw TokenInvalid('must be signed with the algorithm of its key');
  }
  const { payload } = await compactVerify(token, toKey(key), {
    algorithms: [key.algorithm],
  }).catch(() => {
    throw TokenInvalid('has a wrong signature');
  });
  const content = read(() => JSON.parse(new TextDecoder().decode(payload)));
  const claims = claimsSchema.safeParse(content);
  if (!claims.success) {
    const names = [...new Set(claims.error.issues.map(({ path }) => String(path[0])))];
    throw TokenInvalid(`has a missing or invalid claim: ${names.join(', ')}`);
  }
  const { sub, exp, jti } = claims.data;
  checkTimes(claims.data, now / 1000);
  const expiresAt = new Date(exp * 1000);
  return { externalId: sub, tokenId: jti, expiresAt, profile: readProfile(claims.data) };
}

function checkTimes({ exp, iat, nbf }: z.output<typeof claimsSchema>, now: number): void {
  if (exp <= now) throw TokenInvalid('has expired');
  if ((nbf ?? 0) > now + SKEW_SECONDS) throw TokenInvalid('is not valid yet');
  if ((iat ?? 0) > now + SKEW_SECONDS) throw TokenInvalid('was issued in the future');
  const isLong = exp - (iat ?? now) > MAX_LIFETIME_SECONDS + (iat === undefined ? SKEW_SECONDS : 0);
  if (isLong || exp > now + MAX_LIFETIME_SECONDS + SKEW_SECONDS) {
    throw TokenInvalid('is valid for more than one hour');
  }
}

function toKey({ algorithm, material }: VerificationKey): Uint8Array | KeyObject {
  if (algorithm === 'HS256') return new TextEncoder().encode(material);
  return createPublicKey({ key: JSON.parse(material), format: 'jwk' });
}

function read<T>(decode: () => T): T {
  try {
    return decode();
  } catch {
    throw TokenInvalid('is not a signed JWT');
  }
}
