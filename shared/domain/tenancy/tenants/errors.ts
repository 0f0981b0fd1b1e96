import type { QuotaName } from '@insightdesk/shared/context';
import {
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
} from '@insightdesk/shared/errors';

export const TenantErrors = {
  NotFound: () => new DomainNotFoundError('Organization not found'),
  QuotaExceeded: (metric: QuotaName, { used, allowed }: { used: number; allowed: number }) =>
    new DomainValidationError(`The organization uses ${used} of ${allowed} ${metric}`, {
      code: 'QUOTA_EXCEEDED',
      errors: [{ path: metric, message: `${used} used, ${allowed} allowed` }],
    }),
  TwoFactorDisabled: () =>
    new DomainValidationError(undefined, {
      errors: [{ path: 'requireTwoFactor', message: 'Second factors are disabled here' }],
    }),
  Disabled: () =>
    new ForbiddenError('This organization is disabled', { code: 'ORGANIZATION_DISABLED' }),
};
