import { DomainBusinessRuleError, DomainNotFoundError } from '@insightdesk/shared/errors';

export const WebhookErrors = {
  NotFound: () => new DomainNotFoundError('Webhook not found'),
  DeliveryNotFound: () => new DomainNotFoundError('Delivery not found'),
  TooMany: (max: number) =>
    new DomainBusinessRuleError(`The limit of ${max} webhooks is reached`, {
      code: 'TOO_MANY_WEBHOOKS',
    }),
  Disabled: () =>
    new DomainBusinessRuleError('This webhook is disabled', { code: 'WEBHOOK_DISABLED' }),
};
