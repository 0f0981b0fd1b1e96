import { afterAll, describe, expect, test } from 'bun:test';
import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import {
  createConversation,
  getConversation,
  listMessages,
  sendMessage,
} from '@insightdesk/shared/domain/desk/conversations';
import { outbox } from '@insightdesk/shared/events';
import { authenticatedContext, totpCode } from '@insightdesk/shared/testing';
import { eq } from 'drizzle-orm';
import {
  confirmTwoFactor,
  createOrganization,
  deleteMe,
  getMe,
  login,
  startTwoFactor,
  switchOrganization,
  updateMe,
} from '../index.ts';
import { createTestAccounts, newAddress, password, problem } from '../test-accounts.ts';

const accounts = createTestAccounts();
const { context, close, registerUser, registerVerifiedUser, createInvitation, accept } = accounts;
afterAll(close);

async function eventsOf(tenantId: Id<'org'>, name: string) {
  const rows = await context.database.read({ tenantId }, (tx) =>
    tx.select().from(outbox).where(eq(outbox.tenantId, tenantId)).execute(),
  );
  return rows.flatMap((row) => (row.name === name ? [row.payload] : []));
}

/** A user who is an agent of an organization, with a session there. */
async function joinAsAgent(owner: Context) {
  const email = newAddress();
  const { token } = await createInvitation(owner, email);
  const joined = await accept(token);
  return { ...joined, email, ctx: await authenticatedContext(context, joined.accessToken) };
}

describe('the own account', () => {
  test('updateMe: renames the user in all organizations, which are notified', async () => {
    const { ctx, user, organization } = await registerVerifiedUser();
    const second = await createOrganization(ctx, { name: 'Second' });
    const renamed = await updateMe(ctx, { name: 'Ada Lovelace' });
    expect(renamed.user.name).toBe('Ada Lovelace');
    expect((await getMe(ctx, {})).user.name).toBe('Ada Lovelace');
    for (const { id } of [organization, second.organization]) {
      expect(await eventsOf(id, 'member.renamed')).toEqual([
        { userId: user.id, name: 'Ada Lovelace' },
      ]);
    }
  });

  test('deleteMe: ends all sessions and memberships, the messages stay, the address is free', async () => {
    const owner = await registerVerifiedUser();
    const agent = await joinAsAgent(owner.ctx);
    const opened = { subject: 'Help', body: 'It is broken' };
    const { id } = await createConversation(owner.ctx, opened);
    await sendMessage(agent.ctx, { id, body: 'We look into it' });
    await deleteMe(agent.ctx, { password });
    await expect(getMe(agent.ctx, {})).rejects.toMatchObject(problem(401, 'SESSION_ENDED'));
    await expect(login(context, { email: agent.email, password })).rejects.toMatchObject(
      problem(401, 'INVALID_CREDENTIALS'),
    );
    const { items } = await listMessages(owner.ctx, { id });
    const written = items.find(({ body }) => body === 'We look into it');
    expect(written?.authorId).toBe(agent.user.id);
    expect(await getConversation(owner.ctx, { id })).toMatchObject({ id });
    const removed = await eventsOf(owner.organization.id, 'member.removed');
    expect(removed).toEqual([{ userId: agent.user.id }]);
    // Somebody may register with the address again.
    const again = await registerUser(agent.email);
    expect(again.user.id).not.toBe(agent.user.id);
  });

  test('deleteMe: 409 for the only owner of any organization, and nothing changes', async () => {
    const owner = await registerVerifiedUser();
    const agent = await joinAsAgent(owner.ctx);
    await createOrganization(agent.ctx, { name: 'Own one' });
    const refused = deleteMe(agent.ctx, { password });
    await expect(refused).rejects.toMatchObject({
      ...problem(409, 'LAST_OWNER'),
      message: expect.stringContaining('Own one'),
    });
    await getMe(agent.ctx, {});
  });

  test('deleteMe: requires the password, and the code of a second factor', async () => {
    const owner = await registerVerifiedUser();
    const { ctx } = await joinAsAgent(owner.ctx);
    await expect(deleteMe(ctx, { password: 'wrong' })).rejects.toMatchObject({ status: 403 });
    const { secret } = await startTwoFactor(ctx, { password });
    await confirmTwoFactor(ctx, { code: totpCode(secret) });
    await expect(deleteMe(ctx, { password })).rejects.toMatchObject(
      problem(401, 'TWO_FACTOR_REQUIRED'),
    );
    await deleteMe(ctx, { password, code: totpCode(secret, 1) });
    await expect(getMe(ctx, {})).rejects.toMatchObject({ status: 401 });
  });

  test('deleteMe: leaves the other organizations too', async () => {
    const owner = await registerVerifiedUser();
    const another = await registerVerifiedUser();
    const agent = await joinAsAgent(owner.ctx);
    const { token } = await createInvitation(another.ctx, agent.email);
    await accept(token);
    const there = await switchOrganization(agent.ctx, { organizationId: another.organization.id });
    await deleteMe(await authenticatedContext(context, there.accessToken), { password });
    for (const { organization } of [owner, another]) {
      expect(await eventsOf(organization.id, 'member.removed')).toEqual([
        { userId: agent.user.id },
      ]);
    }
  });
});
