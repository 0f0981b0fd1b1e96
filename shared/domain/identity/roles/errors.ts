import {
  ConflictError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
} from '@insightdesk/shared/errors';

export const RoleErrors = {
  NotFound: () => new DomainNotFoundError('Role not found'),
  NameTaken: () =>
    new ConflictError('A role with this name already exists', { code: 'ROLE_NAME_TAKEN' }),
  InUse: () =>
    new DomainBusinessRuleError('Members have this role; assign another role to them first', {
      code: 'ROLE_IN_USE',
    }),
  TooMany: (max: number) =>
    new DomainBusinessRuleError(`An organization can have at most ${max} custom roles`, {
      code: 'TOO_MANY_ROLES',
    }),
  InvalidPermissions: (message: string) =>
    new DomainValidationError(message, { errors: [{ path: 'permissions', message }] }),
};
