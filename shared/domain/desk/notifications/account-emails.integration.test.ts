import { afterAll, expect, test } from 'bun:test';
import { type Context, systemContext, withTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id } from '@insightdesk/shared/contract';
import {
  invite,
  register,
  removeMember,
  requestPasswordReset,
  resendInvitation,
} from '@insightdesk/shared/domain/identity/users';
import type { JobRun } from '@insightdesk/shared/jobs';
import { createTestTenant, openTestStage, userOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { requireRecipient, sendAccountLink, sendAccountNotice, sendInvitation } from './index.ts';

// A database of its own: no worker runs there but this test.
const { context, mailer, close } = await openTestStage();
afterAll(close);

const address = () => `${newId('usr')}@example.com`;
const worker = (tenantId: Id<'org'>) =>
  systemContext(context, 'worker', { tenantId, requestId: 'r' });
const nowhere = worker(fromUuid('org', '00000000-0000-0000-0000-000000000000'));
const lettersTo = (email: string) => mailer.sent.filter(({ to }) => to === email);

async function linksOf(email: string): Promise<Id<'lnk'>[]> {
  const rows = await context.database.read({}, (tx) =>
    tx.execute<{ id: string }>(
      `select id from account_links where email = '${email}' order by created_at, id`,
    ),
  );
  return rows.map(({ id }) => fromUuid('lnk', id));
}

const eventsOf = (tenantId: Id<'org'>) =>
  context.database.read({ tenantId }, (tx) =>
    tx.execute<{ name: string; payload: Record<string, unknown> }>(
      'select name, payload from outbox order by position',
    ),
  );

async function registered(email = address()) {
  const person = { email, password: 'correct horse battery', name: 'Eve', organizationName: 'Eve' };
  return { email, ...(await register(context, person)) };
}

test('a link is mailed once, however often its job runs, and what is recorded does not open it', async () => {
  const { email, organization } = await registered();
  const events = await eventsOf(organization.id);
  const [linkId] = await linksOf(email);
  const requested = events.find(({ name }) => name === 'account.link-requested');
  expect(requested?.payload).toEqual({ linkId, isMuted: false });
  const job = { linkId: linkId ?? newId('lnk'), isMuted: false };
  for (let runs = 0; runs < 2; runs++) await sendAccountLink(worker(organization.id), job);
  const [letter, more] = lettersTo(email);
  expect(more).toBeUndefined();
  const [, token = ''] = /verify-email\?token=([\w.-]+)/.exec(letter?.text ?? '') ?? [];
  expect(token).not.toBe('');
  expect(JSON.stringify(events)).not.toContain(token);
  expect(letter?.text).not.toContain('Eve');
});

test('letters lead to the pages, not to the API, and say how the product is called here', async () => {
  const { email, organization } = await registered();
  const names = { appName: 'Acme Care', appUrl: 'https://app.example' };
  const settings = { ...context.settings, ...names, publicUrl: 'https://api.example' };
  const here = { ...worker(organization.id), settings };
  const [linkId = newId('lnk')] = await linksOf(email);
  await sendAccountLink(here, { linkId, isMuted: false });
  const text = lettersTo(email)[0]?.text ?? '';
  expect(text).toContain('https://app.example/verify-email?token=');
  expect(text).toContain('Sent by Acme Care because');
  expect(text).not.toMatch(/api\.example|InsightDesk/);
});

test('an address gets ten such letters a day, whoever asks', async () => {
  const email = address();
  const muted: unknown[] = [];
  for (let n = 0; n < 12; n++) {
    const { organization } = await registered(email);
    const events = await eventsOf(organization.id);
    muted.push(events.find(({ name }) => name === 'account.link-requested')?.payload.isMuted);
  }
  expect(muted).toEqual([...Array(10).fill(false), true, true]);
  const [, , , , , , , , , , eleventh = newId('lnk')] = await linksOf(email);
  await sendAccountLink(nowhere, { linkId: eleventh, isMuted: true });
  expect(lettersTo(email)).toEqual([]);
});

test('a reset is mailed to no stranger, and says what to do to who only claims the address', async () => {
  const { email } = await registered();
  const unknown = address();
  for (const to of [email, unknown]) {
    await requestPasswordReset(context, { email: to });
    const linkId = (await linksOf(to)).at(-1) ?? newId('lnk');
    await sendAccountLink(nowhere, { linkId, isMuted: false });
  }
  expect(lettersTo(unknown)).toEqual([]);
  expect(lettersTo(email).map(({ subject }) => subject)).toEqual(['No password to reset']);
  expect(lettersTo(email)[0]?.text).not.toContain('token');
});

test('an invitation that is void by then is not mailed; one that is sent again is', async () => {
  const { owner, tenantId, member } = await createTestTenant(context);
  const admin = await member('admin');
  const [kept, gone] = [address(), address()];
  const job = async (by: Context, email: string) => {
    const { id: invitationId } = await invite(by, { email, role: 'agent' });
    return { invitationId, email, role: 'agent', organizationName: 'O', inviterName: 'I' } as const;
  };
  const [first, second] = [await job(owner, kept), await job(admin, gone)];
  await removeMember(owner, { userId: userOf(admin) });
  for (const payload of [first, second, first]) await sendInvitation(worker(tenantId), payload);
  await resendInvitation(owner, { id: first.invitationId });
  await sendInvitation(worker(tenantId), { ...first, sends: 2 });
  expect([lettersTo(kept).length, lettersTo(gone).length]).toEqual([2, 0]);
});

test('nothing that others write goes to an address before it is verified', async () => {
  const { user, organization } = await registered();
  for (const to of [user.id, user.email]) {
    const asked = withTenant(worker(organization.id), (tenant) =>
      requireRecipient(tenant, { to, subject: 'S', body: 'B' }),
    );
    await expect(asked).rejects.toMatchObject({ status: 422 });
  }
});

test('a notice is mailed once', async () => {
  const to = address();
  const run = { id: `${newId('evt')}/notice` } as JobRun;
  for (let runs = 0; runs < 2; runs++) {
    await sendAccountNotice(nowhere, { to, change: 'password' }, run);
  }
  expect(lettersTo(to)).toHaveLength(1);
});
