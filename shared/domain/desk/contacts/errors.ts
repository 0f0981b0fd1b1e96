import {
  ConflictError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
} from '@insightdesk/shared/errors';

export const ContactErrors = {
  NotFound: () => new DomainNotFoundError('Contact not found'),
  Blocked: () => new DomainBusinessRuleError('The contact is blocked', { code: 'CONTACT_BLOCKED' }),
  ExternalIdTaken: () =>
    new ConflictError('Another contact has this externalId', { code: 'EXTERNAL_ID_TAKEN' }),
  AddressTaken: () =>
    new ConflictError('This address identifies another contact', { code: 'ADDRESS_TAKEN' }),
  TooManyProperties: (max: number, maxBytes: number) =>
    new DomainValidationError('There are too many properties', {
      errors: [
        { path: 'properties', message: `At most ${max}, and ${maxBytes} bytes of JSON together` },
      ],
    }),
  TooManyAddresses: (max: number) =>
    new DomainBusinessRuleError(`A contact can have at most ${max} addresses`, {
      code: 'TOO_MANY_ADDRESSES',
    }),
  UnknownCompany: () =>
    new DomainValidationError('The company does not exist', {
      errors: [{ path: 'companyId', message: 'Not a company of the organization' }],
    }),
};

export const CompanyErrors = {
  NotFound: () => new DomainNotFoundError('Company not found'),
  ExternalIdTaken: () =>
    new ConflictError('Another company has this externalId', { code: 'EXTERNAL_ID_TAKEN' }),
  HasContacts: () =>
    new DomainBusinessRuleError('The company still has contacts', { code: 'COMPANY_HAS_CONTACTS' }),
  TooMany: (max: number) =>
    new DomainBusinessRuleError(`An organization can have at most ${max} companies`, {
      code: 'TOO_MANY_COMPANIES',
    }),
};
