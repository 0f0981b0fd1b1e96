import { DomainBusinessRuleError, DomainNotFoundError } from '@insightdesk/shared/errors';

export const ExportErrors = {
  NotFound: () => new DomainNotFoundError('Export not found'),
  NotReady: () =>
    new DomainBusinessRuleError('The export is not ready yet', { code: 'EXPORT_NOT_READY' }),
  TooMany: (max: number) =>
    new DomainBusinessRuleError(`An export is in progress or the limit of ${max} is reached`, {
      code: 'TOO_MANY_EXPORTS',
    }),
};
