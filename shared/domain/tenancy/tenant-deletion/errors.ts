import { DomainBusinessRuleError, DomainValidationError } from '@insightdesk/shared/errors';

export const DeletionErrors = {
  WrongName: () =>
    new DomainValidationError('The name does not match the organization', {
      errors: [{ path: 'name', message: 'Type the name of the organization exactly' }],
    }),
  NotRequested: () =>
    new DomainBusinessRuleError('No deletion of this organization is pending', {
      code: 'NOT_LEAVING',
    }),
};
