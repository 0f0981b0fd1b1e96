import {
  ConflictError,
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
} from '@insightdesk/shared/errors';

/** Everything that can be wrong with webhooks. */
export const WebhookErrors = {
  NotFound: () => new DomainNotFoundError('There is no such webhook'),
  DeliveryNotFound: () => new DomainNotFoundError('There is no such delivery'),
  TooMany: (most: number) =>
    new DomainBusinessRuleError(`An organisation has at most ${most} webhooks`, {
      code: 'TOO_MANY_WEBHOOKS',
    }),
  Disabled: () =>
    new DomainBusinessRuleError('This webhook is disabled', { code: 'WEBHOOK_DISABLED' }),
  IdReused: () =>
    new ConflictError('This id stands for another event', { code: 'EVENT_ID_REUSED' }),
  UnknownName: (name: string, near: string | undefined) =>
    new DomainValidationError(undefined, {
      errors: [
        {
          path: 'name',
          message: `No event is named ${name}${near ? `, did you mean ${near}?` : ''}`,
        },
      ],
    }),
  UnknownEvent: (filter: string, near: string | undefined) =>
    new DomainValidationError(undefined, {
      errors: [
        {
          path: 'events',
          message: `No event is named ${filter}${near ? `, did you mean ${near}?` : ''}`,
        },
      ],
    }),
};
