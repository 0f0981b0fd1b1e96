import {
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
} from '@insightdesk/shared/errors';

export const ConversationErrors = {
  NotFound: () => new DomainNotFoundError('Conversation not found'),
  MessageNotFound: () => new DomainNotFoundError('Message not found'),
  Closed: () =>
    new DomainBusinessRuleError('The conversation is closed', { code: 'CONVERSATION_CLOSED' }),
  InvalidTransition: (from: string, to: string) =>
    new DomainBusinessRuleError(`The status cannot change from ${from} to ${to}`, {
      code: 'INVALID_TRANSITION',
    }),
  TagsRequireStaff: () => new ForbiddenError('Only staff may filter by tag'),
  CustomersRequireStaff: () => new ForbiddenError('Only staff may filter by customer'),
  UnknownAssignee: () =>
    new DomainValidationError('The assignee is not an active member of staff', {
      errors: [{ path: 'assigneeId', message: 'Not an active member of staff' }],
    }),
  SnoozeNeedsDate: () =>
    new DomainValidationError('snoozedUntil must be in the future', {
      errors: [{ path: 'snoozedUntil', message: 'Must be in the future' }],
    }),
};
