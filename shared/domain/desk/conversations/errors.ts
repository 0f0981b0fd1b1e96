import {
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
  ForbiddenError,
} from '@insightdesk/shared/errors';

export const ConversationErrors = {
  NotFound: () => new DomainNotFoundError('Conversation not found'),
  MessageNotFound: () => new DomainNotFoundError('Message not found'),
  MessageDeleted: () =>
    new DomainBusinessRuleError('The message was deleted', { code: 'MESSAGE_DELETED' }),
  TooManyVersions: (max: number) =>
    new DomainBusinessRuleError(`A message can be edited at most ${max} times`, {
      code: 'TOO_MANY_VERSIONS',
    }),
  NotTheAuthor: () => new ForbiddenError('Only its author can do this to a message'),
  NotItsContact: () =>
    new DomainValidationError('The contact is not the customer of the conversation', {
      errors: [{ path: 'contactId', message: 'Not the customer of the conversation' }],
    }),
  NoteOfContact: () =>
    new DomainValidationError('A contact does not write notes', {
      errors: [{ path: 'kind', message: 'Must be reply with a contactId' }],
    }),
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
