import {
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with conversations. */
export const ConversationErrors = {
  NotFound: () => new DomainNotFoundError('There is no such conversation'),
  Closed: () =>
    new DomainBusinessRuleError('This conversation is closed', { code: 'CONVERSATION_CLOSED' }),
  InvalidTransition: (from: string, to: string) =>
    new DomainBusinessRuleError(`A conversation cannot go from ${from} to ${to}`, {
      code: 'INVALID_TRANSITION',
    }),
  TagsRequireStaff: () => new ForbiddenError('Only staff may look for tags'),
  UnknownAssignee: () =>
    new DomainValidationError('The assignee must be an active member of staff', {
      errors: [{ path: 'assigneeId', message: 'Not an active member of staff' }],
    }),
  SnoozeNeedsDate: () =>
    new DomainValidationError('Snoozing needs a date in the future', {
      errors: [{ path: 'snoozedUntil', message: 'Give a date in the future' }],
    }),
};
