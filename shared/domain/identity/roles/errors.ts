import {
  ConflictError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with custom roles. */
export const RoleErrors = {
  NotFound: () => new DomainNotFoundError('There is no such role'),
  NameTaken: () =>
    new ConflictError('A role of this name is there already', { code: 'ROLE_NAME_TAKEN' }),
  InUse: () =>
    new DomainBusinessRuleError('Members have this role; give them another first', {
      code: 'ROLE_IN_USE',
    }),
  TooMany: (most: number) =>
    new DomainBusinessRuleError(`An organisation has at most ${most} roles of its own`, {
      code: 'TOO_MANY_ROLES',
    }),
  Unfit: (message: string) =>
    new DomainValidationError(message, { errors: [{ path: 'permissions', message }] }),
};
