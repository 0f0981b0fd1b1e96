import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import {
  getMe,
  inviteMember,
  register,
  removeMember,
  requestEmailChange,
  requestPasswordReset,
  resendInvitation,
} from '@insightdesk/shared/domain/identity/users';
import type { JobRun } from '@insightdesk/shared/jobs';
import { createIsolatedTestContext, createTestTenant, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import {
  acceptRequestedEmail,
  sendAccountLink,
  sendAccountNotice,
  sendInvitation,
} from './index.ts';

// An own database, where no running worker takes the jobs.
const { context, mailer, admin, close } = await createIsolatedTestContext();
afterAll(close);

const address = () => `${newId('usr')}@example.com`;
const worker = (tenantId: Id<'org'>) =>
  systemContext(context, 'worker', { tenantId, requestId: 'r' });
const nowhere = worker(fromUuid('org', '00000000-0000-0000-0000-000000000000'));
const emailsTo = (email: string) => mailer.sent.filter(({ to }) => to === email);

async function linksOf(email: string): Promise<Id<'lnk'>[]> {
  const rows = await admin<{ id: string }[]>`
    select id from email_links where email = ${email} order by created_at, id`;
  return rows.map(({ id }) => fromUuid('lnk', id));
}

const eventsOf = (tenantId: Id<'org'>) =>
  context.database.read({ tenantId }, (tx) =>
    tx.execute<{ name: string; payload: Record<string, unknown> }>(
      'select name, payload from outbox order by position',
    ),
  );

async function registerUser(email = address()) {
  const input = { email, password: 'correct horse battery', name: 'Eve', organizationName: 'Eve' };
  return { email, ...(await register(context, input)) };
}

test('a link is sent once, however often its job runs, and events do not contain its token', async () => {
  const { email, organization } = await registerUser();
  const events = await eventsOf(organization.id);
  const [linkId] = await linksOf(email);
  const requested = events.find(({ name }) => name === 'account.link-requested');
  expect(requested?.payload).toEqual({ linkId, isMuted: false });
  const job = { linkId: linkId ?? newId('lnk'), isMuted: false };
  for (let runs = 0; runs < 2; runs++) await sendAccountLink(worker(organization.id), job);
  const [sent, more] = emailsTo(email);
  expect(more).toBeUndefined();
  const [, token = ''] = /verify-email\?token=([\w.-]+)/.exec(sent?.text ?? '') ?? [];
  expect(token).not.toBe('');
  expect(JSON.stringify(events)).not.toContain(token);
  expect(sent?.text).not.toContain('Eve');
});

test('links in emails lead to the web app, and the footer names the product', async () => {
  const { email, organization } = await registerUser();
  const names = { appName: 'Acme Care', appUrl: 'https://app.example' };
  const settings = { ...context.settings, ...names, publicUrl: 'https://api.example' };
  const here = { ...worker(organization.id), settings };
  const [linkId = newId('lnk')] = await linksOf(email);
  await sendAccountLink(here, { linkId, isMuted: false });
  const text = emailsTo(email)[0]?.text ?? '';
  expect(text).toContain('https://app.example/verify-email?token=');
  expect(text).toContain('Sent by Acme Care because');
  expect(text).not.toMatch(/api\.example|InsightDesk/);
});

test('an address gets at most ten account links a day', async () => {
  const email = address();
  const muted: unknown[] = [];
  for (let n = 0; n < 12; n++) {
    const { organization } = await registerUser(email);
    const events = await eventsOf(organization.id);
    muted.push(events.find(({ name }) => name === 'account.link-requested')?.payload.isMuted);
  }
  expect(muted).toEqual([...Array(10).fill(false), true, true]);
  const [, , , , , , , , , , eleventh = newId('lnk')] = await linksOf(email);
  await sendAccountLink(nowhere, { linkId: eleventh, isMuted: true });
  expect(emailsTo(email)).toEqual([]);
});

test('a password reset sends nothing to an unknown address, and no token to an unverified one', async () => {
  const { email } = await registerUser();
  const unknown = address();
  for (const to of [email, unknown]) {
    await requestPasswordReset(context, { email: to });
    const linkId = (await linksOf(to)).at(-1) ?? newId('lnk');
    await sendAccountLink(nowhere, { linkId, isMuted: false });
  }
  expect(emailsTo(unknown)).toEqual([]);
  expect(emailsTo(email).map(({ subject }) => subject)).toEqual(['No password to reset']);
  expect(emailsTo(email)[0]?.text).not.toContain('token');
});

test('an email change is announced to the previous address, and its link goes to the new one', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const { email: previous } = (await getMe(owner, {})).user;
  const next = address();
  await requestEmailChange(owner, { password: 'a long enough password', email: next });
  const [linkId = newId('lnk')] = await linksOf(next);
  await sendAccountLink(worker(tenantId), { linkId, isMuted: false });
  const subjectsTo = (email: string) => emailsTo(email).map(({ subject }) => subject);
  expect(subjectsTo(next)).toEqual(['Confirm your new e-mail address']);
  expect(subjectsTo(previous)).toEqual(['Your e-mail address is about to change']);
  expect(emailsTo(previous)[0]?.text).not.toContain('token');
});

test('a revoked invitation is not sent, and a resent one is sent again', async () => {
  const { owner, tenantId, member } = await createTestTenant(context);
  const admin = await member('admin');
  const [valid, revoked] = [address(), address()];
  const inviterName = 'Eve” says: stop';
  const job = async (by: Context, email: string) => {
    const { id: invitationId } = await inviteMember(by, { email, role: 'agent' });
    return { invitationId, email, role: 'agent', organizationName: 'O', inviterName } as const;
  };
  const [first, second] = [await job(owner, valid), await job(admin, revoked)];
  await removeMember(owner, { userId: userIdOf(admin) });
  for (const payload of [first, second, first]) await sendInvitation(worker(tenantId), payload);
  await resendInvitation(owner, { id: first.invitationId });
  await sendInvitation(worker(tenantId), { ...first, sendCount: 2 });
  expect([emailsTo(valid).length, emailsTo(revoked).length]).toEqual([2, 0]);
  expect(emailsTo(valid)[0]?.text).toContain("“Eve' says: stop” invites you to join “O”");
});

test('a requested email to an unverified address is rejected', async () => {
  const { user, organization } = await registerUser();
  for (const to of [user.id, user.email]) {
    const required = withTenant(worker(organization.id), (tenant) =>
      acceptRequestedEmail(tenant, { to, subject: 'S', body: 'B' }),
    );
    await expect(required).rejects.toMatchObject({ status: 422 });
  }
});

test('an account notice is sent once', async () => {
  const to = address();
  const run = { id: `${newId('evt')}/notice` } as JobRun;
  for (let runs = 0; runs < 2; runs++) {
    await sendAccountNotice(nowhere, { to, change: 'password' }, run);
  }
  expect(emailsTo(to)).toHaveLength(1);
});
