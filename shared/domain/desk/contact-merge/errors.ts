import { DomainBusinessRuleError, DomainValidationError } from '@insightdesk/shared/errors';

export const MergeErrors = {
  SameContact: () =>
    new DomainValidationError('A contact cannot be merged into itself', {
      errors: [{ path: 'sourceId', message: 'Must be another contact' }],
    }),
  AlreadyMerged: () =>
    new DomainBusinessRuleError('One of the contacts was merged into another one', {
      code: 'CONTACT_MERGED',
    }),
  SourceHasLogin: () =>
    new DomainBusinessRuleError(
      'The contact has an account of its own; merge the other contact into it',
      { code: 'CONTACT_HAS_LOGIN' },
    ),
};
