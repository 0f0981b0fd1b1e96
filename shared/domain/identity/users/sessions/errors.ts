import {
  DomainNotFoundError,
  ForbiddenError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

export const SessionErrors = {
  NotFound: () => new DomainNotFoundError('Session not found'),
  TokenInvalid: () =>
    new UnauthenticatedError('The refresh token is not valid', { code: 'TOKEN_INVALID' }),
  FromProvider: () =>
    new ForbiddenError(
      'A session of an identity provider is limited to its organization; sign in with a password',
      { code: 'PROVIDER_SESSION' },
    ),
  TokenReused: () =>
    new UnauthenticatedError('The refresh token was already used; sign in again', {
      code: 'TOKEN_REUSED',
    }),
};
