import { timingSafeEqual } from 'node:crypto';
import type { Connections } from '@insightdesk/shared/context';
import { keyPermissions, type Permission } from '@insightdesk/shared/contract';
import { type Database, statement } from '@insightdesk/shared/database';
import { and, eq, isNull, lt, or, sql } from 'drizzle-orm';
import { LRUCache } from 'lru-cache';
import { ApiKeyErrors } from './errors.ts';
import { hashSecret, isApiKey, parseSecret } from './api-key-secret.ts';
import { apiKeySecrets, apiKeys } from './tables.ts';

type Tokens = Connections['security']['tokens'];
type Access = Awaited<ReturnType<Tokens['verifyAccess']>>;

/** A secret that was looked up: nothing of this ever changes, and `app.authorize` asks whether it is live. */
interface Known {
  access: Access;
  notedAt: number;
}

const NOTE_MS = 60_000;
const MOST_KNOWN = 10_000;
const NO_HASH = '0'.repeat(64);

/** Makes `verifyAccess` take API keys where it takes access tokens. */
export function withApiKeys<T extends Tokens>(tokens: T, database: Database): T {
  const known = new LRUCache<string, Known>({ max: MOST_KNOWN });

  async function readKey(secret: string): Promise<Access> {
    const hash = hashSecret(secret);
    let one = known.get(hash);
    if (!one) {
      one = { access: await findKey(database, secret, hash), notedAt: 0 };
      known.set(hash, one);
    }
    if (Date.now() - one.notedAt >= NOTE_MS) {
      one.notedAt = Date.now();
      void noteUse(database, one.access);
    }
    return one.access;
  }

  return {
    ...tokens,
    verifyAccess: (token) => (isApiKey(token) ? readKey(token) : tokens.verifyAccess(token)),
  };
}

const bySecret = statement(
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
        and(eq(apiKeys.tenantId, apiKeySecrets.tenantId), eq(apiKeys.id, apiKeySecrets.keyId)),
      )
      .where(and(eq(apiKeySecrets.tenantId, tenantId), eq(apiKeySecrets.id, id))),
);

/** Throws the same 401 for one that never was, has ended, or has other random bits. */
async function findKey(database: Database, secret: string, hash: string): Promise<Access> {
  const named = parseSecret(secret);
  if (!named) throw ApiKeyErrors.Invalid();
  const { tenantId, secretId: sessionId } = named;
  const [row] = await database.read({ tenantId }, (tx) =>
    bySecret(tx, { tenantId, id: sessionId }),
  );
  const isRight = timingSafeEqual(Buffer.from(row?.hash ?? NO_HASH), Buffer.from(hash));
  if (!row || !isRight || row.revokedAt || row.expiresAt <= new Date()) throw ApiKeyErrors.Invalid();
  const permissions: Permission[] = keyPermissions.filter((one) => row.permissions.includes(one));
  const { keyId, userId, role } = row;
  const expiresAt = row.expiresAt.getTime();
  const restriction = { permissions };
  return { kind: 'apiKey', keyId, userId, tenantId, sessionId, role, restriction, expiresAt };
}

/** To the minute, and nobody waits for it; that a dead key was tried is not noted. */
async function noteUse(database: Database, { tenantId, userId, sessionId }: Access): Promise<void> {
  const scope = { tenantId, userId, sessionId, authorizationVersion: 'key' };
  const minuteAgo = sql<Date>`now() - interval '1 minute'`;
  await database
    .write(scope, (tx) =>
      tx
        .update(apiKeys)
        .set({ lastUsedAt: sql`now()` })
        .where(
          and(
            eq(apiKeys.tenantId, tenantId),
            eq(apiKeys.userId, userId),
            or(isNull(apiKeys.lastUsedAt), lt(apiKeys.lastUsedAt, minuteAgo)),
          ),
        ),
    )
    .catch(() => {});
}
