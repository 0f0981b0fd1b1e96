import {
  DomainBusinessRuleError,
  DomainValidationError,
  ForbiddenError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with second factors. */
export const FactorErrors = {
  Required: () =>
    new UnauthenticatedError('A code of your second factor is needed', {
      code: 'TWO_FACTOR_REQUIRED',
    }),
  WrongCode: () =>
    new UnauthenticatedError('This code is wrong, or was used before', {
      code: 'TWO_FACTOR_INVALID',
    }),
  Blocked: (retryAfterSeconds: number) =>
    new TooManyRequestsError('Too many wrong codes, try again later', { retryAfterSeconds }),
  NotExpected: () =>
    new DomainValidationError('There is no second factor to check this code against', {
      code: 'TWO_FACTOR_NOT_SET_UP',
      errors: [{ path: 'code', message: 'No second factor is set up' }],
    }),
  NotBegun: () =>
    new DomainBusinessRuleError('Begin to set up a second factor first', {
      code: 'TWO_FACTOR_NOT_BEGUN',
    }),
  SetUpAlready: () =>
    new DomainBusinessRuleError('There is a second factor already; remove it first', {
      code: 'TWO_FACTOR_SET_UP',
    }),
  NotProven: () =>
    new ForbiddenError('Sign in again with your second factor first', {
      code: 'TWO_FACTOR_REQUIRED',
    }),
  Enforced: () =>
    new DomainBusinessRuleError('An organisation that you belong to requires a second factor', {
      code: 'TWO_FACTOR_ENFORCED',
    }),
};
