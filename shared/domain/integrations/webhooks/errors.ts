import {
  DomainBusinessRuleError,
  DomainNotFoundError,
  DomainValidationError,
} from '@insightdesk/shared/errors';

export const WebhookErrors = {
  NotFound: () => new DomainNotFoundError('Webhook not found'),
  DeliveryNotFound: () => new DomainNotFoundError('Delivery not found'),
  TooMany: (max: number) =>
    new DomainBusinessRuleError(`The limit of ${max} webhooks is reached`, {
      code: 'TOO_MANY_WEBHOOKS',
    }),
  Disabled: () =>
    new DomainBusinessRuleError('This webhook is disabled', { code: 'WEBHOOK_DISABLED' }),
  UnknownEvent: (filter: string, near: string | undefined) =>
    new DomainValidationError(undefined, {
      errors: [
        {
          path: 'events',
          message: `Unknown event ${filter}${near ? `, did you mean ${near}?` : ''}`,
        },
      ],
    }),
};
