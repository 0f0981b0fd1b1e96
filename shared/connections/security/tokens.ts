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

/** What an access token says of its bearer. */
export interface AccessClaims {
  userId: Id<'usr'>;
  tenantId: Id<'org'>;
  sessionId: Id<'ses'>;
  role: 'owner' | 'admin' | 'agent' | 'customer';
  /** The bearer's custom role. */
  restriction?: CustomRoleRestriction | undefined;
  /** Who really bears it: an operator in this person's name (RFC 8693's `act`). */
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
}

export interface TokenOptions {
  jwtSecret: string;
  issuer: string;
  audience: string;
  accessTtlSeconds: number;
}

const ALGORITHM = 'HS256';
const TYPE = 'at+jwt';
const KEY_ID = /^[\w-]{1,40}$/;
const roles = new Set(['owner', 'admin', 'agent', 'customer']);

/** Builds signer and verifier of access tokens (RFC 9068 shape, HS256); keys are told apart by `kid`. */
export function createTokens(
  options: TokenOptions,
  keys: KeyRing = createKeyRing({ jwtSecret: options.jwtSecret, refreshSecret: '' }),
): Tokens {
  const { issuer, audience, accessTtlSeconds } = options;
  const verified = new LRUCache<string, { keyId: string; access: VerifiedAccess }>({ max: 10_000 });

  return {
    async signAccess(claims) {
      const { userId, tenantId, sessionId, role, restriction, operator } = claims;
      const { expiresIn = accessTtlSeconds } = claims;
      const key = keys.current();
      const act = operator === undefined ? {} : { act: { sub: operator } };
      const own = { org: tenantId, sid: sessionId, role, ...toClaim(restriction), ...act };
      const token = await new SignJWT(own)
        .setProtectedHeader({ alg: ALGORITHM, typ: TYPE, kid: key.id })
        .setSubject(userId)
        .setIssuer(issuer)
        .setAudience(audience)
        .setIssuedAt()
        .setExpirationTime(`${expiresIn}s`)
        .sign(key.access);
      return { token, expiresIn };
    },
    async verifyAccess(token) {
      const known = verified.get(token);
      if (known && keys.find(known.keyId)) {
        if (known.access.expiresAt > Date.now()) return known.access;
        throw expired();
      }
      const check = { issuer, audience, algorithms: [ALGORITHM], typ: TYPE };
      let keyId = '';
      // Tokens of the release before this one name no key.
      const keyOf = async ({ kid = keys.first.id }: { kid?: string }) => {
        const key = KEY_ID.test(kid) ? await keys.seek(kid) : undefined;
        if (!key) throw new errors.JWKSNoMatchingKey();
        keyId = key.id;
        return key.access;
      };
      const { payload } = await jwtVerify(token, keyOf, check).catch((cause) => {
        throw cause instanceof errors.JWTExpired ? expired(cause) : refusalOf(cause);
      });
      const access = toAccess(payload);
      verified.set(token, { keyId, access });
      return access;
    },
  };
}

function toAccess({ sub, org, sid, role, exp, grant: claim, act }: JWTPayload): UserAccess {
  const complete = isId('usr', sub) && isId('org', org) && isId('ses', sid) && exp !== undefined;
  if (!complete || !roles.has(role as string)) throw invalid();
  const known = role as AccessClaims['role'];
  const restriction = claim === undefined ? undefined : toRestriction(claim);
  const user = { kind: 'user', userId: sub, tenantId: org, sessionId: sid, role: known } as const;
  return {
    ...user,
    expiresAt: exp * 1000,
    ...(restriction && { restriction }),
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
  // A newer release running beside this one may know more permissions.
  const known = permissionNames.filter((name) => permissions.includes(name));
  return { roleId: id, version, permissions: known };
}

/** A token that says that somebody else acts has to say who. */
function operatorOf(act: unknown): { operator?: string } {
  if (act === undefined) return {};
  const { sub } = (act ?? {}) as { sub?: unknown };
  if (typeof sub !== 'string' || sub === '') throw invalid();
  return { operator: sub };
}

const expired = (cause?: unknown) =>
  new UnauthenticatedError('The access token has expired', { code: 'TOKEN_EXPIRED', cause });

/** What is not the token's fault, such as a database that is away, stays what it is. */
const refusalOf = (cause: unknown) => (cause instanceof AppError ? cause : invalid(cause));

const invalid = (cause?: unknown) =>
  new UnauthenticatedError('The access token is not valid', { code: 'TOKEN_INVALID', cause });
