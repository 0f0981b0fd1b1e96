import {
  ConflictError,
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

export const AccountErrors = {
  NotFound: () => new DomainNotFoundError('User not found'),
  EmailTaken: () =>
    new ConflictError('Another account has this email address; sign in to that account', {
      code: 'EMAIL_TAKEN',
    }),
  RegistrationClosed: () =>
    new ForbiddenError('New accounts and organizations cannot be created here', {
      code: 'REGISTRATION_CLOSED',
    }),
  EmailNotVerified: () =>
    new ForbiddenError('Verify your email address first', { code: 'EMAIL_NOT_VERIFIED' }),
  WrongPassword: () => new ForbiddenError('The password is wrong', { code: 'WRONG_PASSWORD' }),
  InvalidCredentials: () =>
    new UnauthenticatedError('The email address or the password is wrong', {
      code: 'INVALID_CREDENTIALS',
    }),
  WeakPassword: (message: string) =>
    new DomainValidationError('The password is easy to guess', {
      code: 'WEAK_PASSWORD',
      errors: [{ path: 'password', message }],
    }),
  NameRequired: () =>
    new DomainValidationError(undefined, {
      errors: [{ path: 'name', message: 'Required without an account' }],
    }),
  TooManyFailures: (retryAfterSeconds: number) =>
    new TooManyRequestsError('Too many failed logins; try again later', {
      code: 'TOO_MANY_FAILED_SIGN_INS',
      retryAfterSeconds,
    }),
  LinkInvalid: () =>
    new DomainValidationError('The link is not valid', {
      code: 'LINK_INVALID',
      errors: [{ path: 'token', message: 'Not valid, already used, or expired' }],
    }),
  TooManyEmails: (retryAfterSeconds: number) =>
    new TooManyRequestsError('Too many emails were sent for this account today', {
      code: 'TOO_MANY_MAILS',
      retryAfterSeconds,
    }),
};
