import {
  defineAction,
  requireCan,
  singleLine,
  type UserTenantContext,
} from '@insightdesk/shared/context';
import { keyPermissions, type Permission, permissionsOf } from '@insightdesk/shared/contract';
import { requireCapacity } from '@insightdesk/shared/database';
import { requireValidPermissionSet } from '@insightdesk/shared/domain/identity/roles';
import { createAccount, members } from '@insightdesk/shared/domain/identity/users';
import { record } from '@insightdesk/shared/events';
import { addDays, newId } from '@insightdesk/shared/utils';
import { and, eq, lt, sql } from 'drizzle-orm';
import { z } from 'zod';
import { createSecret } from './api-key-secret.ts';
import { ApiKeyErrors } from './errors.ts';
import { apiKeyCreated } from './events.ts';
import { requireApiKey } from './get-api-key.ts';
import { apiKeys } from './tables.ts';
import { apiKeyView, secretView, toApiKey } from './view.ts';

const DEFAULT_VALIDITY_DAYS = 90;
const MAX_VALIDITY_DAYS = 366;
const MAX_API_KEYS = 200;
const RETENTION_DAYS = 30;

/** The key cannot have more permissions than the caller; only this response contains its secret. */
export const createApiKey = defineAction({
  summary: 'Create an API key',
  input: z.strictObject({
    name: singleLine(100),
    permissions: z
      .array(z.enum(keyPermissions))
      .min(1)
      .max(keyPermissions.length)
      .transform((names) => [...new Set(names)]),
    expiresAt: z.iso
      .datetime({ offset: true })
      .transform((value) => new Date(value))
      .optional()
      .describe('Defaults to 90 days ahead, at most 366'),
  }),
  output: z.object({ ...apiKeyView.shape, ...secretView.shape }).meta({ id: 'ApiKeyWithSecret' }),
  allow: 'api-keys:manage',
  transaction: 'write',
  async run(ctx, { name, permissions, expiresAt = addDays(new Date(), DEFAULT_VALIDITY_DAYS) }) {
    const now = new Date();
    if (expiresAt <= now || expiresAt > addDays(now, MAX_VALIDITY_DAYS))
      throw ApiKeyErrors.InvalidExpiry();
    const role = weakestRole(permissions);
    requireValidPermissionSet(role, permissions);
    requireCan(ctx.actor, 'api-keys:manage', { kind: 'privileges', role, permissions });
    await requireKeyCapacity(ctx);
    const { tx, tenantId, actor } = ctx;
    const [id, userId, createdBy] = [newId('key'), newId('usr'), actor.userId];
    // The user that the key writes as: it has no password and its address receives no email.
    await createAccount(ctx, { id: userId, email: `${id}@keys.invalid`, name });
    await tx.insert(members).values({ tenantId, userId, role, removedAt: now });
    await tx
      .insert(apiKeys)
      .values({ tenantId, id, name, userId, role, permissions, createdBy, expiresAt });
    const secret = await createSecret(ctx, { id, expiresAt });
    await record(ctx, apiKeyCreated, { keyId: id, userId, name, createdBy });
    return { ...toApiKey(await requireApiKey(ctx, id)), secret };
  },
});

const weakestRole = (permissions: readonly Permission[]) => {
  const agentPermissions = permissionsOf('agent');
  return permissions.every((name) => agentPermissions.includes(name)) ? 'agent' : 'admin';
};

/** Deletes keys that ended long ago; throws 409 when there are still too many. */
async function requireKeyCapacity(ctx: UserTenantContext) {
  const { tx, tenantId } = ctx;
  const isOwn = eq(apiKeys.tenantId, tenantId);
  const endedAt = sql<Date>`least(${apiKeys.revokedAt}, ${apiKeys.expiresAt})`;
  const before = sql`now() - make_interval(days => ${RETENTION_DAYS}::int)`;
  await tx.delete(apiKeys).where(and(isOwn, lt(endedAt, before)));
  await requireCapacity(ctx, apiKeys, { max: MAX_API_KEYS, tooMany: ApiKeyErrors.TooMany });
}
