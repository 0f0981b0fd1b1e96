import { DomainNotFoundError, UnauthenticatedError } from '@insightdesk/shared/errors';

export const SessionErrors = {
  NotFound: () => new DomainNotFoundError('Session not found'),
  TokenInvalid: () =>
    new UnauthenticatedError('The refresh token is not valid', { code: 'TOKEN_INVALID' }),
  TokenReused: () =>
    new UnauthenticatedError('The refresh token was already used; sign in again', {
      code: 'TOKEN_REUSED',
    }),
};
