import {
  DomainBusinessRuleError,
  DomainValidationError,
  ForbiddenError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

export const FactorErrors = {
  Required: () =>
    new UnauthenticatedError('A code of your second factor is required', {
      code: 'TWO_FACTOR_REQUIRED',
    }),
  WrongCode: () =>
    new UnauthenticatedError('The code is wrong or was already used', {
      code: 'TWO_FACTOR_INVALID',
    }),
  Blocked: (retryAfterSeconds: number) =>
    new TooManyRequestsError('Too many wrong codes; try again later', { retryAfterSeconds }),
  NotExpected: () =>
    new DomainValidationError('No second factor is set up', {
      code: 'TWO_FACTOR_NOT_SET_UP',
      errors: [{ path: 'code', message: 'No second factor is set up' }],
    }),
  NotStarted: () =>
    new DomainBusinessRuleError('Start the setup of a second factor first', {
      code: 'TWO_FACTOR_NOT_BEGUN',
    }),
  AlreadySetUp: () =>
    new DomainBusinessRuleError('A second factor is already set up; disable it first', {
      code: 'TWO_FACTOR_SET_UP',
    }),
  NotVerified: () =>
    new ForbiddenError('Sign in again with your second factor first', {
      code: 'TWO_FACTOR_REQUIRED',
    }),
  RequiredByOrganization: () =>
    new DomainBusinessRuleError('One of your organizations requires a second factor', {
      code: 'TWO_FACTOR_ENFORCED',
    }),
};
