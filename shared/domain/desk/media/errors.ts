import { DomainBusinessRuleError, DomainNotFoundError } from '@insightdesk/shared/errors';

export const MediaErrors = {
  NotFound: () => new DomainNotFoundError('The attachment is not a video or audio file'),
  Ended: () => new DomainBusinessRuleError('Processing has ended', { code: 'RECORDING_ENDED' }),
  NotEnded: () =>
    new DomainBusinessRuleError('Processing has not failed', { code: 'RECORDING_NOT_FAILED' }),
};
