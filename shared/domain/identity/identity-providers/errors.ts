import {
  ConflictError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with providers and those who come from them. */
export const ProviderErrors = {
  NotFound: () => new DomainNotFoundError('There is no such identity provider'),
  NotLinked: () => new DomainNotFoundError('You are not linked to this identity provider'),
  TooMany: (most: number) =>
    new DomainBusinessRuleError(`An organisation has at most ${most} identity providers`, {
      code: 'TOO_MANY_PROVIDERS',
    }),
  NotOurPage: () =>
    new DomainValidationError(undefined, {
      errors: [{ path: 'redirectTo', message: 'Must be a page of an allowed origin' }],
    }),
  /** The browser has not begun here, took too long, or is not the one that began. */
  Stale: () =>
    new UnauthenticatedError('This sign-in has run out; begin again', { code: 'OAUTH_STALE' }),
  Refused: (cause?: unknown) =>
    new UnauthenticatedError('The identity provider did not confirm who you are', {
      code: 'OAUTH_REFUSED',
      cause,
    }),
  Unknown: () =>
    new UnauthenticatedError('Nobody here belongs to this identity; ask to be invited', {
      code: 'OAUTH_UNKNOWN_PERSON',
    }),
  LinkTaken: () =>
    new ConflictError('This identity or this person is linked already', { code: 'OAUTH_LINKED' }),
};
