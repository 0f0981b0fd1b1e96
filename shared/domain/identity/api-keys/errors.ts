import {
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with API keys. */
export const ApiKeyErrors = {
  NotFound: () => new DomainNotFoundError('There is no such API key'),
  /** The same for one that never was, is revoked, has run out, or is another's. */
  Invalid: () => new UnauthenticatedError('The API key is not valid', { code: 'TOKEN_INVALID' }),
  Ended: () =>
    new DomainBusinessRuleError('This API key is revoked or has expired', { code: 'KEY_ENDED' }),
  TooMany: (most: number) =>
    new DomainBusinessRuleError(
      `An organisation has at most ${most} API keys, those of the last 30 days included`,
      { code: 'TOO_MANY_KEYS' },
    ),
  Unfit: (message: string) =>
    new DomainValidationError(message, { errors: [{ path: 'permissions', message }] }),
  BadExpiry: () =>
    new DomainValidationError('An API key ends within a year', {
      errors: [{ path: 'expiresAt', message: 'Give a time in the future, at most 366 days ahead' }],
    }),
};
