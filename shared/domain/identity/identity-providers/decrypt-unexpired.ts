import type { Context } from '@insightdesk/shared/context';
import type { z } from 'zod';
import { ProviderErrors } from './errors.ts';

/** Throws 401 OAUTH_STALE for a missing, forged or expired text. */
export function decryptUnexpired<T extends { expiresAt: number }>(
  { security }: Context,
  purpose: 'oauth-request' | 'oauth-ticket',
  schema: z.ZodType<T>,
  encrypted: string | undefined,
): T {
  let decrypted: T;
  try {
    decrypted = schema.parse(JSON.parse(security.encryption.decrypt(purpose, encrypted ?? '')));
  } catch {
    throw ProviderErrors.Stale();
  }
  if (decrypted.expiresAt < Date.now()) throw ProviderErrors.Stale();
  return decrypted;
}
