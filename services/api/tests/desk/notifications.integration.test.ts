import { afterAll, beforeAll, expect, test } from 'bun:test';
import { expectError } from '../../testing/expect-error.ts';
import {
  createIntegrationApi,
  type TestTenant,
  testDocumentedResponses,
} from '../../testing/integration-api.ts';

const api = createIntegrationApi();
let own: TestTenant;
beforeAll(async () => {
  own = await api.createTenant();
});
afterAll(() => api.close());

const path = '/v1/email-templates/conversation-messages/fr';
const text = {
  subject: '{{conversation.subject}}',
  body: 'Bonjour {{recipient.name}}\n\n{{messages}}',
};

test('email templates: set, list, preview and delete', async () => {
  const as = own.owner;
  const set = await api.request('PUT', path, { as, body: text });
  expect(set.status).toBe(200);
  const list = await api.request('GET', '/v1/email-templates', { as });
  const { items } = (await list.json()) as { items: { locale: string; builtIn: boolean }[] };
  expect(items.filter(({ builtIn }) => !builtIn)).toMatchObject([{ locale: 'fr', ...text }]);
  const preview = async (body: object) => {
    const previewPath = '/v1/email-templates/conversation-messages/preview';
    const response = await api.request('POST', previewPath, { as, body });
    expect(response.status).toBe(200);
    return (await response.json()) as { subject: string; text: string; html: string };
  };
  const french = await preview({ locale: 'fr-CA' });
  expect(french.subject).toBe('My lamp is broken');
  expect(french.text).toContain('Bonjour Carla Customer\n\n“Ada” wrote:');
  expect((await preview({ body: '<b>\n\n{{messages}}' })).html).toContain('&lt;b&gt;');
  expect((await api.request('DELETE', path, { as })).status).toBe(204);
  await expectError(api.request('DELETE', path, { as }), 404, 'NOT_FOUND');
  await expectError(api.request('PUT', path, { as: own.agent, body: text }), 403, 'FORBIDDEN');
});

test.each([
  ['conversation-messages', 'Hello {{customer.password}}\n\n{{messages}}'],
  ['conversation-messages', 'No messages'],
  ['conversation-messages', 'Inline {{messages}}'],
  ['sign-in-code', 'No code'],
  ['sign-in-code', '{{code}} at www.example.com'],
  ['invitation', 'Go to https://example.com'],
])('PUT /v1/email-templates/%s/en: 422 for the body %j', async (name, body) => {
  const response = api.request('PUT', `/v1/email-templates/${name}/en`, {
    as: own.owner,
    body: { subject: 'S', body },
  });
  await expectError(response, 422, 'INVALID_EMAIL_TEMPLATE');
});

test('POST /v1/unsubscribe: a form of RFC 8058 or JSON, without a session; a GET changes nothing', async () => {
  const { tenantId, userId } = await api.context.security.tokens.verifyAccess(own.customer);
  const token = api.context.security.tokenCodec.encode('unsubscribe', [
    tenantId,
    userId,
    'messages',
  ]);
  const show = async () => {
    const response = await api.request('GET', `/v1/unsubscribe?token=${token}`);
    const shown = (await response.json()) as { subscribed: boolean };
    expect(JSON.stringify(shown)).not.toContain(userId);
    return shown.subscribed;
  };
  expect(await show()).toBe(true);
  const oneClick = await api.app.request(`/v1/unsubscribe?token=${token}`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/x-www-form-urlencoded' },
    body: 'List-Unsubscribe=One-Click',
  });
  expect([oneClick.status, await show()]).toEqual([200, false]);
  const body = { token, subscribe: true };
  expect((await api.request('POST', '/v1/unsubscribe', { body })).status).toBe(200);
  expect(await show()).toBe(true);
  const preferences = await api.request('GET', '/v1/me/preferences', { as: own.customer });
  expect(preferences.status).toBe(200);
  const same = await api.request('PATCH', '/v1/me/preferences', { as: own.customer, body: {} });
  expect(same.status).toBe(200);
  for (const invalid of ['x', `${token}x`]) {
    await expectError(api.request('GET', `/v1/unsubscribe?token=${invalid}`), 422, 'LINK_INVALID');
  }
});

testDocumentedResponses(api, 'notifications');
