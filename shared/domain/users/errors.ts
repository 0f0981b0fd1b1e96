import {
  ConflictError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with people, sessions and invitations. */
export const UserErrors = {
  NotFound: () => new DomainNotFoundError('There is no such member'),
  SessionNotFound: () => new DomainNotFoundError('There is no such session'),
  EmailTaken: () =>
    new ConflictError('This e-mail address is already registered', { code: 'EMAIL_TAKEN' }),
  InvalidCredentials: () =>
    new UnauthenticatedError('E-mail address or password is wrong', {
      code: 'INVALID_CREDENTIALS',
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
