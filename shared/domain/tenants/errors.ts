import { DomainNotFoundError, ForbiddenError } from '@insightdesk/shared/errors';

/** Everything that can be wrong with organisations. */
export const TenantErrors = {
  NotFound: () => new DomainNotFoundError('There is no such organisation'),
  /** Says what the database says of it to members with a live session. */
  Disabled: () =>
    new ForbiddenError('This organisation is disabled', { code: 'ORGANIZATION_DISABLED' }),
};
