import type { QuotaName } from '@insightdesk/shared/context';
import {
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with organisations. */
export const TenantErrors = {
  NotFound: () => new DomainNotFoundError('There is no such organisation'),
  /** 422: what is asked for would be more than the organisation may have. */
  QuotaExceeded: (metric: QuotaName, { used, allowed }: { used: number; allowed: number }) =>
    new DomainValidationError(`The organisation uses ${used} of ${allowed} ${metric}`, {
      code: 'QUOTA_EXCEEDED',
      errors: [{ path: metric, message: `${used} used, ${allowed} allowed` }],
    }),
  /** Says what the database says of it to members with a live session. */
  Disabled: () =>
    new ForbiddenError('This organisation is disabled', { code: 'ORGANIZATION_DISABLED' }),
};
