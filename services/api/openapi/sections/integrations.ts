import type { Section } from './section.ts';

export const webhooks: Section = {
  tag: 'Webhooks',
  description:
    'Events as signed HTTP requests to your server (Standard Webhooks), retried until it responds 2xx.',
  operations: {
    'POST /v1/webhooks': {
      text: 'Creates a webhook and returns its secret, only once. 422 `UNSAFE_URL` for a private address; 409 `TOO_MANY_WEBHOOKS`.',
      request: { events: ['message.created'], description: 'Order updates' },
    },
    'GET /v1/webhooks': 'Returns webhooks without secrets.',
    'GET /v1/webhooks/{id}': 'Returns one webhook, with the reason when deliveries have stopped.',
    'PATCH /v1/webhooks/{id}': {
      text: 'Changes URL, events or description; `enabled` stops deliveries or starts them again.',
      request: { enabled: true },
    },
    'DELETE /v1/webhooks/{id}': 'Deletes a webhook; waiting deliveries end.',
    'POST /v1/webhooks/{id}/secret':
      'Returns a new secret, only once. Deliveries have a signature of both for 24 hours.',
    'GET /v1/webhooks/{id}/deliveries':
      'Returns the attempts of the last days with status and response.',
    'POST /v1/webhooks/{id}/deliveries/{deliveryId}/replay':
      'Sends one event again, with the same id. 409 `WEBHOOK_DISABLED`.',
    'POST /v1/webhooks/{id}/replay':
      'Sends all events between `since` and `until` again, with the same ids. 409 `WEBHOOK_DISABLED`.',
  },
};

export const events: Section = {
  tag: 'Events',
  description: 'Events that your own systems send.',
  operations: {
    'POST /v1/events': {
      text: 'Records an event: today `email/send.requested`, which sends an email to a member. A repeated `id` has no effect: `isNew` is false. 409 `EVENT_ID_REUSED` for another event with the same id; 422 for an unknown name.',
      request: {
        name: 'email/send.requested',
        payload: {
          to: 'ada@example.com',
          subject: 'Your parcel',
          body: 'It is on its way.',
        },
        id: 'order-1042-shipped',
      },
    },
  },
};

export const jobs: Section = {
  tag: 'Jobs',
  description: 'Background jobs of the organization.',
  operations: {
    'GET /v1/jobs': 'Returns jobs with state and progress, newest first.',
    'GET /v1/jobs/{id}': 'Returns one job with its log.',
    'POST /v1/jobs/{id}/retry': 'Runs a failed job again. 409 `JOB_NOT_FAILED`.',
    'POST /v1/jobs/{id}/cancel': 'Stops a job that waits or runs. 409 `JOB_ENDED`.',
  },
};
