import {
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
  TooManyRequestsError,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';

export const IdentityKeyErrors = {
  NotFound: () => new DomainNotFoundError('Identity key not found'),
  TooMany: (max: number) =>
    new DomainBusinessRuleError(`An organization can have at most ${max} active identity keys`, {
      code: 'TOO_MANY_IDENTITY_KEYS',
    }),
  TooManyRevoked: (max: number) =>
    new DomainBusinessRuleError(
      `An organization can have at most ${max} identity keys, including those that were revoked within 30 days`,
      { code: 'TOO_MANY_IDENTITY_KEYS' },
    ),
  InvalidPublicKey: (message: string) =>
    new DomainValidationError('The public key is not valid', {
      errors: [{ path: 'publicKey', message }],
    }),
};

export const CustomerSignInErrors = {
  /** `reason` continues the sentence; the client may see it. */
  TokenInvalid: (reason: string) =>
    new UnauthenticatedError(`The identity token ${reason}`, { code: 'IDENTITY_TOKEN_INVALID' }),
  CodeInvalid: () =>
    new UnauthenticatedError('The code is wrong, used or expired', { code: 'CODE_INVALID' }),
  Blocked: () => new ForbiddenError('This customer has no access', { code: 'CONTACT_BLOCKED' }),
  VisitorsDisabled: () =>
    new ForbiddenError('The organization accepts no anonymous visitors', {
      code: 'VISITORS_DISABLED',
    }),
  TooManyVisitors: (retryAfterSeconds: number) =>
    new TooManyRequestsError('Too many visitors today', {
      code: 'TOO_MANY_VISITORS',
      retryAfterSeconds,
    }),
  ApiKeyRequired: () => new ForbiddenError('Only API keys create sessions of contacts'),
};
