// `INSIGHTDESK_RUN=… WEBHOOK_URL=… TRACEPARENT=… bun send-message.ts`: sends a message that causes socket events, a
// webhook and an email, and prints the results as JSON.

import { until } from '../../../shared/testing/until.ts';
import { call, inviteMember, listEmails, listen, registerOwner } from '../client.ts';

const { WEBHOOK_URL: url = '', TRACEPARENT: traceparent = '' } = process.env;
const owner = await registerOwner();
const customer = await inviteMember(owner, 'customer', 'Carla Customer');
const opened = await call('POST', '/v1/conversations', {
  token: customer.token,
  body: { subject: 'Traced', body: 'Where am I?' },
});
const id: string = opened.body.id;
const webhook = { url, description: '', events: ['message.created'] };
await call('POST', '/v1/webhooks', { token: owner.token, body: webhook });
const listeners = await Promise.all(['1', '2'].map((replica) => listen(owner.token, { replica })));
for (const listener of listeners) await listener.subscribe(`private-conversation-${id}`);

const send = (body: string, headers: Record<string, string>) =>
  call('POST', `/v1/conversations/${id}/messages`, { token: owner.token, body: { body }, headers });
const sent = await send('Here', { traceparent });
const invalid = await send('Other tenant', { traceparent: `${traceparent}-${'x'.repeat(2_000)}` });
const received = () =>
  listeners.map(({ events }) => events.filter(({ type }) => type === 'message.created'));
await until(() => received().every((events) => events.length === 2), { timeoutMs: 30_000 });
const subjects = await until(
  async () => {
    const mails = await listEmails(customer.email);
    const found = mails
      .map(({ subject }) => subject)
      .filter((subject) => subject.includes('Traced'));
    return found.length >= 2 && found;
  },
  { timeoutMs: 60_000 },
);
for (const listener of listeners) listener.close();
console.log(
  JSON.stringify({
    organizationId: owner.organizationId,
    statuses: [sent.status, invalid.status],
    requestId: sent.headers.get('x-request-id'),
    invalidRequestId: invalid.headers.get('x-request-id'),
    event: received()[0]?.[0],
    emails: subjects.length,
  }),
);
process.exit(0);
