import {
  ConflictError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with passkeys. */
export const PasskeyErrors = {
  NotFound: () => new DomainNotFoundError('There is no such passkey'),
  /** One answer for all: an unknown key, a wrong signature, a challenge that ran out or was used. */
  Refused: (cause?: unknown) =>
    new UnauthenticatedError('This passkey was not accepted; begin again', {
      code: 'PASSKEY_REFUSED',
      cause,
    }),
  Known: () =>
    new ConflictError('This passkey is registered already', { code: 'PASSKEY_REGISTERED' }),
  TooMany: (most: number) =>
    new DomainBusinessRuleError(`A person has at most ${most} passkeys`, {
      code: 'TOO_MANY_PASSKEYS',
    }),
};
