import {
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
  TooManyRequestsError,
} from '@insightdesk/shared/errors';

export const MemberErrors = {
  NotFound: () => new DomainNotFoundError('Member not found'),
  LastOwner: () =>
    new DomainBusinessRuleError('An organization needs at least one owner', { code: 'LAST_OWNER' }),
  LastOwnerOf: (names: readonly string[]) =>
    new DomainBusinessRuleError(
      `You are the only owner of ${names.join(', ')}; appoint another owner or delete the organization first`,
      { code: 'LAST_OWNER' },
    ),
  AlreadyMember: () =>
    new DomainBusinessRuleError('This user is already a member', { code: 'ALREADY_MEMBER' }),
  RoleNotAssignable: () =>
    new ForbiddenError('You cannot assign a role with more permissions than your own'),
  RoleMismatch: (base: string) =>
    new DomainValidationError('The custom role has another base role', {
      errors: [{ path: 'roleId', message: `Requires the role ${base}` }],
    }),
  TooManyOrganizations: (retryAfterSeconds: number) =>
    new TooManyRequestsError('You have created too many organizations today', {
      code: 'TOO_MANY_ORGANIZATIONS',
      retryAfterSeconds,
    }),
};

export const InvitationErrors = {
  NotFound: () => new DomainNotFoundError('Invitation not found'),
  Invalid: () =>
    new DomainValidationError('The invitation is not valid', {
      code: 'INVITATION_INVALID',
      errors: [{ path: 'token', message: 'Not valid, replaced by a newer one, or expired' }],
    }),
  Used: () =>
    new DomainBusinessRuleError('The invitation was already accepted', { code: 'INVITATION_USED' }),
  QuotaExceeded: (retryAfterSeconds: number) =>
    new TooManyRequestsError('The organization has sent too many invitations today', {
      code: 'INVITATION_QUOTA',
      retryAfterSeconds,
    }),
  SentTooOften: () =>
    new DomainBusinessRuleError('The invitation was emailed too often; revoke it', {
      code: 'INVITATION_SENT_OFTEN',
    }),
};
