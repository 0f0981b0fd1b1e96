import { timingSafeEqual } from 'node:crypto';
import type { Connections } from '@insightdesk/shared/context';
import { keyPermissions, type Permission } from '@insightdesk/shared/contract';
import { type Database, matches, statement } from '@insightdesk/shared/database';
import { and, isNull, lt, or, sql } from 'drizzle-orm';
import { LRUCache } from 'lru-cache';
import { hashSecret, isApiKey, parseSecret } from './api-key-secret.ts';
import { ApiKeyErrors } from './errors.ts';
import { apiKeySecrets, apiKeys } from './tables.ts';

type Tokens = Connections['security']['tokens'];
type Access = Awaited<ReturnType<Tokens['verifyAccess']>>;

/** A verified secret. Its access never changes; `app.authorize` checks whether it is still valid. */
interface CachedAccess {
  access: Access;
  useRecordedAt: number;
}

const USE_INTERVAL_MS = 60_000;
const MAX_CACHED_KEYS = 10_000;
const NO_HASH = '0'.repeat(64);

/** Extends `verifyAccess` to API keys. */
export function withApiKeys<T extends Tokens>(tokens: T, database: Database): T {
  const cache = new LRUCache<string, CachedAccess>({ max: MAX_CACHED_KEYS });

  async function verifyKey(secret: string): Promise<Access> {
    const hash = hashSecret(secret);
    let cached = cache.get(hash);
    if (!cached) {
      cached = { access: await requireKey(database, secret, hash), useRecordedAt: 0 };
      cache.set(hash, cached);
    }
    if (Date.now() - cached.useRecordedAt >= USE_INTERVAL_MS) {
      cached.useRecordedAt = Date.now();
      void recordUse(database, cached.access);
    }
    return cached.access;
  }

  return {
    ...tokens,
    verifyAccess: (token) => (isApiKey(token) ? verifyKey(token) : tokens.verifyAccess(token)),
  };
}

const selectBySecret = statement(
  { tenantId: apiKeySecrets.tenantId, id: apiKeySecrets.id },
  ({ tenantId, id }, q) =>
    q
      .select({
        hash: apiKeySecrets.hash,
        expiresAt: apiKeySecrets.expiresAt,
        keyId: apiKeys.id,
        userId: apiKeys.userId,
        role: apiKeys.role,
        permissions: apiKeys.permissions,
        revokedAt: apiKeys.revokedAt,
      })
      .from(apiKeySecrets)
      .innerJoin(
        apiKeys,
        matches(apiKeys, { tenantId: apiKeySecrets.tenantId, id: apiKeySecrets.keyId }),
      )
      .where(matches(apiKeySecrets, { tenantId, id })),
);

/** Throws the same 401 for an unknown, ended or forged secret. */
async function requireKey(database: Database, secret: string, hash: string): Promise<Access> {
  const parsed = parseSecret(secret);
  if (!parsed) throw ApiKeyErrors.Invalid();
  const { tenantId, secretId: sessionId } = parsed;
  const [row] = await database.read({ tenantId }, (tx) =>
    selectBySecret(tx, { tenantId, id: sessionId }),
  );
  const isCorrect = timingSafeEqual(Buffer.from(row?.hash ?? NO_HASH), Buffer.from(hash));
  if (!row || !isCorrect || row.revokedAt || row.expiresAt <= new Date())
    throw ApiKeyErrors.Invalid();
  const permissions: Permission[] = keyPermissions.filter((name) => row.permissions.includes(name));
  const { keyId, userId, role } = row;
  const expiresAt = row.expiresAt.getTime();
  const restriction = { permissions };
  return { kind: 'apiKey', keyId, userId, tenantId, sessionId, role, restriction, expiresAt };
}

/** Records the last use, accurate to a minute, without waiting; an ended key is not recorded. */
async function recordUse(
  database: Database,
  { tenantId, userId, sessionId }: Access,
): Promise<void> {
  const scope = { tenantId, userId, sessionId, authorizationVersion: 'key' };
  const minuteAgo = sql<Date>`now() - interval '1 minute'`;
  await database
    .write(scope, (tx) =>
      tx
        .update(apiKeys)
        .set({ lastUsedAt: sql`now()` })
        .where(
          and(
            matches(apiKeys, { tenantId, userId }),
            or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, minuteAgo)),
          ),
        ),
    )
    .catch(() => {});
}
