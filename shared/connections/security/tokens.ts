import {
  type CustomRoleRestriction,
  type Id,
  isId,
  type PermissionRestriction,
  permissionNames,
} from '@insightdesk/shared/contract';
import { AppError, UnauthenticatedError } from '@insightdesk/shared/errors';
import { errors, type JWTPayload, jwtVerify, SignJWT } from 'jose';
import { LRUCache } from 'lru-cache';
import { createKeyRing, type KeyRing } from './key-ring.ts';

/** Claims of an access token. */
export interface AccessClaims {
  userId: Id<'usr'>;
  tenantId: Id<'org'>;
  sessionId: Id<'ses'>;
  role: 'owner' | 'admin' | 'agent' | 'customer';
  /** Restriction by the user's custom role. */
  restriction?: CustomRoleRestriction | undefined;
  /** The identity provider that authenticated the user, if one did. */
  providerId?: Id<'idp'> | undefined;
  /** Whether a method of customer sign-in created the session. */
  isContact?: boolean | undefined;
  /** The operator who impersonates the user (`act` of RFC 8693). */
  operator?: string | undefined;
}

interface UserAccess extends AccessClaims {
  kind: 'user';
  /** Milliseconds since 1970. */
  expiresAt: number;
}

interface ApiKeyAccess {
  kind: 'apiKey';
  keyId: Id<'key'>;
  /** The user that the key writes as. */
  userId: Id<'usr'>;
  tenantId: Id<'org'>;
  /** The id of the key's secret, which the database checks like a session's. */
  sessionId: Id<'ses'>;
  role: AccessClaims['role'];
  restriction: PermissionRestriction;
  operator?: undefined;
  /** Milliseconds since 1970. */
  expiresAt: number;
}

/** What an access token or an API key authenticates. */
export type VerifiedAccess = UserAccess | ApiKeyAccess;

export interface Tokens {
  /** `expiresIn` is in seconds. */
  signAccess(
    claims: AccessClaims & { expiresIn?: number },
  ): Promise<{ token: string; expiresIn: number }>;
  /** Throws 401 TOKEN_EXPIRED or TOKEN_INVALID. */
  verifyAccess(token: string): Promise<VerifiedAccess>;
  /** The public keys that verify access tokens, for other systems (RFC 7517). */
  listPublicKeys(): PublicKey[];
}

/** A public key as a JSON Web Key (RFC 8037). */
export interface PublicKey {
  kty: 'OKP';
  crv: 'Ed25519';
  alg: 'EdDSA';
  use: 'sig';
  kid: string;
  x: string;
}

export interface TokenOptions {
  jwtSecret?: string | undefined;
  issuer: string;
  audience: string;
  accessTtlSeconds: number;
}

const ALGORITHM = 'EdDSA';
const TYPE = 'at+jwt';
const KEY_ID = /^[\w-]{43}$/;
const roles = new Set(['owner', 'admin', 'agent', 'customer']);

/** Builds signer and verifier of access tokens (RFC 9068, Ed25519); `kid` names the key. */
export function createTokens(
  options: TokenOptions,
  keys: KeyRing = createKeyRing({ jwtSecret: options.jwtSecret }),
): Tokens {
  const { issuer, audience, accessTtlSeconds } = options;
  const verified = new LRUCache<string, { keyId: string; access: VerifiedAccess }>({ max: 10_000 });

  return {
    async signAccess(claims) {
      const { userId, tenantId, sessionId, role, restriction, providerId, isContact, operator } =
        claims;
      const { expiresIn = accessTtlSeconds } = claims;
      const key = keys.currentAccess();
      const act = operator === undefined ? {} : { act: { sub: operator } };
      const idp = providerId === undefined ? {} : { idp: providerId };
      const contact = isContact ? { contact: true } : {};
      const claim = toClaim(restriction);
      const payload = { org: tenantId, sid: sessionId, role, ...claim, ...idp, ...contact, ...act };
      const token = await new SignJWT(payload)
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: key.id })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(`${expiresIn}s`)
        .sign(key.privateKey);
      return { token, expiresIn };
    },
    async verifyAccess(token) {
      const cached = verified.get(token);
      if (cached && keys.find(cached.keyId)) {
        if (cached.access.expiresAt > Date.now()) return cached.access;
        throw expired();
      }
      const verifyOptions = { issuer, audience, algorithms: [ALGORITHM], typ: TYPE };
      let keyId = '';
      const keyOf = async ({ kid = '' }: { kid?: string }) => {
        const key = KEY_ID.test(kid) ? await keys.findOrRefresh(kid) : undefined;
        if (!key?.publicKey) throw new errors.JWKSNoMatchingKey();
        keyId = key.id;
        return key.publicKey;
      };
      const { payload } = await jwtVerify(token, keyOf, verifyOptions).catch((cause) => {
        throw cause instanceof errors.JWTExpired ? expired(cause) : toUnauthenticated(cause);
      });
      const access = toAccess(payload);
      verified.set(token, { keyId, access });
      return access;
    },
    listPublicKeys: () =>
      keys
        .listPublicKeys()
        .map((x) => ({ kty: 'OKP', crv: 'Ed25519', alg: ALGORITHM, use: 'sig', kid: x, x })),
  };
}

function toAccess({
  sub,
  org,
  sid,
  role,
  exp,
  grant: claim,
  idp,
  contact,
  act,
}: JWTPayload): UserAccess {
  const isComplete = isId('usr', sub) && isId('org', org) && isId('ses', sid) && exp !== undefined;
  if (!isComplete || !roles.has(role as string)) throw invalid();
  const knownRole = role as AccessClaims['role'];
  const restriction = claim === undefined ? undefined : toRestriction(claim);
  const user = {
    kind: 'user',
    userId: sub,
    tenantId: org,
    sessionId: sid,
    role: knownRole,
  } as const;
  return {
    ...user,
    expiresAt: exp * 1000,
    ...(restriction && { restriction }),
    ...providerOf(idp),
    ...(contact !== undefined && { isContact: true }),
    ...operatorOf(act),
  };
}

function toClaim(restriction: CustomRoleRestriction | undefined) {
  if (!restriction) return {};
  const { roleId: id, version, permissions } = restriction;
  return { grant: { id, version, permissions } };
}

function toRestriction(claim: unknown): CustomRoleRestriction {
  const { id, version, permissions } = (claim ?? {}) as Record<string, unknown>;
  if (!isId('rol', id) || typeof version !== 'number' || !Array.isArray(permissions)) {
    throw invalid();
  }
  // A newer release that runs at the same time may have more permissions.
  const known = permissionNames.filter((name) => permissions.includes(name));
  return { roleId: id, version, permissions: known };
}

/** An `idp` claim must be the id of a provider. */
function providerOf(idp: unknown): { providerId?: Id<'idp'> } {
  if (idp === undefined) return {};
  if (!isId('idp', idp)) throw invalid();
  return { providerId: idp };
}

/** An `act` claim must have a subject. */
function operatorOf(act: unknown): { operator?: string } {
  if (act === undefined) return {};
  const { sub } = (act ?? {}) as { sub?: unknown };
  if (typeof sub !== 'string' || sub === '') throw invalid();
  return { operator: sub };
}

const expired = (cause?: unknown) =>
  new UnauthenticatedError('The access token has expired', { code: 'TOKEN_EXPIRED', cause });

/** Errors that are not about the token, such as those of the database, pass unchanged. */
const toUnauthenticated = (cause: unknown) => (cause instanceof AppError ? cause : invalid(cause));

const invalid = (cause?: unknown) =>
  new UnauthenticatedError('The access token is invalid', { code: 'TOKEN_INVALID', cause });
