import type { Context } from '@insightdesk/shared/context';
import { AccountErrors } from './errors.ts';

/** Throws 403 REGISTRATION_CLOSED unless REGISTRATION permits new accounts of this kind. */
export function requireRegistration(
  { settings: { registration } }: Pick<Context, 'settings'>,
  by: 'anyone' | 'invitation',
): void {
  if (registration === 'open' || (registration === 'invitation' && by === 'invitation')) return;
  throw AccountErrors.RegistrationClosed();
}
