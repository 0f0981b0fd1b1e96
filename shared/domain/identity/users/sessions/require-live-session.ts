import { type Context, readTenant } from '@insightdesk/shared/context';

/**
 * Throws 401 SESSION_ENDED or ACCESS_CHANGED unless the caller's session is live and has the role of
 * the token, and 403 ORGANIZATION_DISABLED while the organization is disabled.
 */
export async function requireLiveSession(ctx: Context): Promise<void> {
  await readTenant(ctx, () => Promise.resolve());
}
