import {
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
