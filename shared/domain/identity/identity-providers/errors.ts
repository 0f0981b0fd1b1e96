import {
  ConflictError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

export const ProviderErrors = {
  NotFound: () => new DomainNotFoundError('Identity provider not found'),
  NotLinked: () => new DomainNotFoundError('You are not linked to this identity provider'),
  TooMany: (max: number) =>
    new DomainBusinessRuleError(`An organization can have at most ${max} identity providers`, {
      code: 'TOO_MANY_PROVIDERS',
    }),
  RedirectNotAllowed: () =>
    new DomainValidationError(undefined, {
      errors: [{ path: 'redirectTo', message: 'Must be a page of an allowed origin' }],
    }),
  /** The request or the ticket is expired, forged, or from another browser. */
  Stale: () =>
    new UnauthenticatedError('The sign-in has expired; try again', { code: 'OAUTH_STALE' }),
  Refused: (cause?: unknown) =>
    new UnauthenticatedError('The identity provider did not authenticate you', {
      code: 'OAUTH_REFUSED',
      cause,
    }),
  UnknownUser: () =>
    new UnauthenticatedError('No member has this identity; ask for an invitation', {
      code: 'OAUTH_UNKNOWN_PERSON',
    }),
  AlreadyLinked: () =>
    new ConflictError('The identity or the user is already linked', { code: 'OAUTH_LINKED' }),
};
