import { type Context, readTenant } from '@insightdesk/shared/context';

/**
 * Throws 401 SESSION_ENDED unless the caller's session is live and its role still the token's, 403
 * ORGANIZATION_DISABLED while its organisation is disabled.
 */
export async function requireLiveSession(ctx: Context): Promise<void> {
  await readTenant(ctx, () => Promise.resolve());
}
