import {
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  TooManyRequestsError,
} from '@insightdesk/shared/errors';

const messages = {
  'emails-per-day': 'The organization has sent all emails of today',
  'emails-per-recipient': 'The recipient has received all emails of the organization for today',
};

export const EmailErrors = {
  QuotaExceeded: (quota: keyof typeof messages, resetAt: Date) =>
    new TooManyRequestsError(messages[quota], {
      code: 'QUOTA_EXCEEDED',
      retryAfterSeconds: Math.max(1, Math.ceil((resetAt.getTime() - Date.now()) / 1_000)),
      errors: [{ path: quota, message: messages[quota] }],
    }),
};

export const EmailTemplateErrors = {
  NotFound: () => new DomainNotFoundError('Email template not found'),
  Invalid: (errors: { path: string; message: string }[]) =>
    new DomainValidationError('The email template is not valid', {
      code: 'INVALID_EMAIL_TEMPLATE',
      errors,
    }),
  TooMany: (max: number) =>
    new DomainBusinessRuleError(`An organization can have at most ${max} email templates`, {
      code: 'TOO_MANY_EMAIL_TEMPLATES',
    }),
};

export const UnsubscribeErrors = {
  LinkInvalid: () =>
    new DomainValidationError('The link is not valid', {
      code: 'LINK_INVALID',
      errors: [{ path: 'token', message: 'The link is not valid' }],
    }),
};
