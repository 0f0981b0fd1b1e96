import {
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

export const ApiKeyErrors = {
  NotFound: () => new DomainNotFoundError('API key not found'),
  /** The same for a key that is unknown, revoked, expired or another organization's. */
  Invalid: () => new UnauthenticatedError('The API key is not valid', { code: 'TOKEN_INVALID' }),
  Ended: () =>
    new DomainBusinessRuleError('The API key is revoked or expired', { code: 'KEY_ENDED' }),
  TooMany: (max: number) =>
    new DomainBusinessRuleError(
      `An organization can have at most ${max} API keys, including those that ended within 30 days`,
      { code: 'TOO_MANY_KEYS' },
    ),
  InvalidExpiry: () =>
    new DomainValidationError('An API key expires within a year', {
      errors: [{ path: 'expiresAt', message: 'Must be in the future, at most 366 days ahead' }],
    }),
};
