import {
  ConflictError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with people, sessions and invitations. */
export const UserErrors = {
  NotFound: () => new DomainNotFoundError('There is no such member'),
  SessionNotFound: () => new DomainNotFoundError('There is no such session'),
  EmailTaken: () =>
    new ConflictError('There is an account with this e-mail address; sign in to that one', {
      code: 'EMAIL_TAKEN',
    }),
  EmailNotVerified: () =>
    new ForbiddenError('Verify your e-mail address first', { code: 'EMAIL_NOT_VERIFIED' }),
  WrongPassword: () => new ForbiddenError('The password is wrong', { code: 'WRONG_PASSWORD' }),
  LinkInvalid: () =>
    new DomainValidationError('This link is not valid', {
      code: 'LINK_INVALID',
      errors: [{ path: 'token', message: 'Not valid, used before, or expired' }],
    }),
  TooManyMails: (retryAfterSeconds: number) =>
    new TooManyRequestsError('Enough mails were sent for this account today', {
      code: 'TOO_MANY_MAILS',
      retryAfterSeconds,
    }),
  InvitationQuota: (retryAfterSeconds: number) =>
    new TooManyRequestsError('The organisation has sent its invitations of today', {
      code: 'INVITATION_QUOTA',
      retryAfterSeconds,
    }),
  TooManyOrganizations: (retryAfterSeconds: number) =>
    new TooManyRequestsError('You have founded enough organisations today', {
      code: 'TOO_MANY_ORGANIZATIONS',
      retryAfterSeconds,
    }),
  InvitationNotFound: () => new DomainNotFoundError('There is no such invitation'),
  InvitationSentOften: () =>
    new DomainBusinessRuleError('This invitation was mailed often enough; revoke it', {
      code: 'INVITATION_SENT_OFTEN',
    }),
  InvalidCredentials: () =>
    new UnauthenticatedError('E-mail address or password is wrong', {
      code: 'INVALID_CREDENTIALS',
    }),
  TooManyFailures: (retryAfterSeconds: number) =>
    new TooManyRequestsError('Too many failed sign-ins, try again later', {
      code: 'TOO_MANY_FAILED_SIGN_INS',
      retryAfterSeconds,
    }),
  WeakPassword: (message: string) =>
    new DomainValidationError('This password is easily guessed', {
      code: 'WEAK_PASSWORD',
      errors: [{ path: 'password', message }],
    }),
  TokenInvalid: () =>
    new UnauthenticatedError('This refresh token is not valid', { code: 'TOKEN_INVALID' }),
  TokenReused: () =>
    new UnauthenticatedError('This refresh token was used before; sign in again', {
      code: 'TOKEN_REUSED',
    }),
  InvitationInvalid: () =>
    new DomainValidationError('This invitation is not valid', {
      code: 'INVITATION_INVALID',
      errors: [{ path: 'token', message: 'Not valid, replaced by a newer one, or expired' }],
    }),
  InvitationUsed: () =>
    new DomainBusinessRuleError('This invitation was accepted before', { code: 'INVITATION_USED' }),
  AlreadyMember: () =>
    new DomainBusinessRuleError('This person is a member already', { code: 'ALREADY_MEMBER' }),
  ProviderSession: () =>
    new ForbiddenError('This session is good in its organisation only; sign in by your password', {
      code: 'PROVIDER_SESSION',
    }),
  LastOwner: () =>
    new DomainBusinessRuleError('An organisation keeps at least one owner', { code: 'LAST_OWNER' }),
  MayNotOffer: () => new ForbiddenError('Nobody offers a role that may do more than their own'),
  RoleMismatch: (base: string) =>
    new DomainValidationError('The custom role is made of another role', {
      errors: [{ path: 'roleId', message: `Goes with the role ${base} only` }],
    }),
};
