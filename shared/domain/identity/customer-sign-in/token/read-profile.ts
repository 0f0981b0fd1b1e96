import { email } from '@insightdesk/shared/context';
import { contactChanges } from '@insightdesk/shared/domain/desk/contacts';
import type { z } from 'zod';

/** What a token says about the customer (OpenID Connect Core, 5.1). */
export interface IdentityProfile {
  email: string | undefined;
  isEmailVerified: boolean;
  name: string | undefined;
  avatarUrl: string | null | undefined;
  language: string | null | undefined;
  timeZone: string | null | undefined;
}

/** Claims that are not valid are ignored: a wrong time zone must not prevent a sign-in. */
export function readProfile(claims: Record<string, unknown>): IdentityProfile {
  const address = valid(email(), claims.email);
  return {
    email: address,
    isEmailVerified: address !== undefined && claims.email_verified === true,
    name: valid(contactChanges.name, claims.name),
    avatarUrl: valid(contactChanges.avatarUrl, claims.picture),
    language: valid(contactChanges.language, claims.locale),
    timeZone: valid(contactChanges.timeZone, claims.zoneinfo),
  };
}

const valid = <T>(schema: z.ZodType<T>, value: unknown): T | undefined =>
  schema.safeParse(value).data;
