import { TooManyRequestsError } from '@insightdesk/shared/errors';

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
