import {
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with exporting and erasing an organisation. */
export const DepartureErrors = {
  NotFound: () => new DomainNotFoundError('There is no such export'),
  NotReady: () =>
    new DomainBusinessRuleError('This export is not ready yet', { code: 'EXPORT_NOT_READY' }),
  TooMany: () =>
    new DomainBusinessRuleError('Another export is under way, or three are kept already', {
      code: 'TOO_MANY_EXPORTS',
    }),
  WrongName: () =>
    new DomainValidationError('The name is not that of the organisation', {
      errors: [{ path: 'name', message: 'Type the name of the organisation exactly' }],
    }),
  NotLeaving: () =>
    new DomainBusinessRuleError('This organisation is not about to be erased', {
      code: 'NOT_LEAVING',
    }),
  IsErased: () =>
    new DomainBusinessRuleError('This organisation is being erased', { code: 'BEING_ERASED' }),
};
