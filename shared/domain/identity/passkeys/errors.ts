import {
  ConflictError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

export const PasskeyErrors = {
  NotFound: () => new DomainNotFoundError('Passkey not found'),
  /** The same for an unknown passkey, a wrong signature, and an expired or used challenge. */
  Refused: (cause?: unknown) =>
    new UnauthenticatedError('The passkey was not accepted; try again', {
      code: 'PASSKEY_REFUSED',
      cause,
    }),
  AlreadyRegistered: () =>
    new ConflictError('The passkey is already registered', { code: 'PASSKEY_REGISTERED' }),
  TooMany: (max: number) =>
    new DomainBusinessRuleError(`A user can have at most ${max} passkeys`, {
      code: 'TOO_MANY_PASSKEYS',
    }),
};
