import { DomainBusinessRuleError, DomainNotFoundError } from '@insightdesk/shared/errors';

/** Everything that can be wrong with the work on recordings. */
export const MediaErrors = {
  NotFound: () => new DomainNotFoundError('This attachment is no video and no sound'),
  Ended: () =>
    new DomainBusinessRuleError('The work on this recording has ended', {
      code: 'RECORDING_ENDED',
    }),
  NotEnded: () =>
    new DomainBusinessRuleError('This recording has not failed', { code: 'RECORDING_NOT_FAILED' }),
};
