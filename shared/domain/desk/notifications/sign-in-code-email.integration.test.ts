import { afterAll, expect, test } from 'bun:test';
import { systemContext } from '@insightdesk/shared/context';
import { fromUuid } from '@insightdesk/shared/contract';
import {
  requestSignInCode,
  verifySignInCode,
} from '@insightdesk/shared/domain/identity/customer-sign-in';
import { updateOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { createIsolatedTestContext, createTestTenant } from '@insightdesk/shared/testing';
import { putEmailTemplate, sendSignInCode } from './index.ts';

// An own database, where no running worker takes the jobs.
const { context, mailer, admin, close } = await createIsolatedTestContext();
afterAll(close);

test('a sign-in code is sent once, works, and is not sent after it was used', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  await updateOrganization(owner, { name: 'Acme', emailCodeSignIn: true });
  const email = 'ann@example.com';
  const request = () => requestSignInCode(context, { organizationId: tenantId, email });
  const worker = systemContext(context, 'worker', { tenantId, requestId: 'r' });
  const codeIds = async () =>
    (await admin<{ id: string }[]>`select id from sign_in_codes order by id`).map(({ id }) =>
      fromUuid('sic', id),
    );
  await request();
  const [first] = await codeIds();
  if (!first) throw new Error('No code was created');
  for (let runs = 0; runs < 2; runs++) await sendSignInCode(worker, { codeId: first });
  expect(mailer.sent.map(({ to, subject }) => [to, subject])).toEqual([
    [email, 'Your sign-in code'],
  ]);
  const [, code = ''] = /sign in to “?Acme”? is (\d{6})/.exec(mailer.sent[0]?.text ?? '') ?? [];
  await request();
  const signedIn = await verifySignInCode(context, { organizationId: tenantId, email, code });
  expect(signedIn.organization).toEqual({ id: tenantId, name: 'Acme' });
  for (const codeId of await codeIds()) await sendSignInCode(worker, { codeId });
  expect(mailer.sent).toHaveLength(1);
});

test('a sign-in code uses the text of the organization', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  await updateOrganization(owner, { name: 'Acme', emailCodeSignIn: true });
  const body = '{{code}} is yours for {{code.minutes}} minutes';
  await putEmailTemplate(owner, { name: 'sign-in-code', locale: 'en', subject: 'Hi', body });
  const email = 'ben@example.com';
  await requestSignInCode(context, { organizationId: tenantId, email });
  const [row] = await admin<
    { id: string }[]
  >`select id from sign_in_codes where address = ${email}`;
  const worker = systemContext(context, 'worker', { tenantId, requestId: 'r' });
  await sendSignInCode(worker, { codeId: fromUuid('sic', row?.id ?? '') });
  const sent = mailer.sent.find(({ to }) => to === email);
  expect(sent?.subject).toBe('Hi');
  expect(sent?.text).toMatch(/^\d{6} is yours for 10 minutes$/m);
});
