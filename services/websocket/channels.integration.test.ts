import { expect, test } from 'bun:test';
import type { Context, MemberContext } from '@insightdesk/shared/context';
import { Channels } from '@insightdesk/shared/contract';
import { createConversation } from '@insightdesk/shared/domain/desk/conversations';
import { createTestTenant, until, userIdOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { channels } from './channels.ts';
import { createSessionSource, createSessionVerifier } from './sessions/session-verifier.ts';
import { defineChannels } from './subscriptions/define-channels.ts';
import { authorizeChannel } from './subscriptions/subscribe.ts';
import { call, createTestReplicas, newEntries } from './testing/test-replica.ts';

const { context, startReplica, connect, newUser, channelLog } = createTestReplicas();

const services = {
  channels,
  context: (caller: object) => ({ ...context, ...caller }),
  sessions: createSessionVerifier(createSessionSource(context)),
};

test('channels: every channel of the contract is open to its roles, and 404 for others', async () => {
  const { owner, tenantId, member } = await createTestTenant(context);
  const [agent, customer, other] = [
    await member('agent'),
    await member('customer'),
    await member('customer'),
  ];
  const otherTenant = (await createTestTenant(context)).owner;
  const { id } = await createConversation(customer, { subject: 'A lamp', body: 'It is broken' });
  const callers = { owner, agent, customer, other, otherTenant };
  const expected: [string, (keyof typeof callers)[]][] = [
    [Channels.userPrivate(userIdOf(customer)), ['customer']],
    [Channels.organization(tenantId), ['owner', 'agent']],
    [Channels.organizationPublic(tenantId), ['owner', 'agent', 'customer', 'other']],
    [Channels.conversation(id), ['owner', 'agent', 'customer']],
    [Channels.conversationStaff(id), ['owner', 'agent']],
    [Channels.organizationPresence(tenantId), ['owner', 'agent']],
    [Channels.conversationPresence(id), ['owner', 'agent', 'customer']],
    [Channels.conversation(newId('cnv')), []],
    [Channels.organization(newId('org')), []],
    [`private-user-${id}`, []],
    ['private-everything', []],
  ];
  for (const [channel, allowed] of expected) {
    for (const [name, caller] of Object.entries<Context>(callers)) {
      const answer = await authorizeChannel(services, caller, channel).catch(
        ({ status }) => status,
      );
      const isAllowed = allowed.some((role) => role === name);
      expect([name, channel, answer]).toEqual([name, channel, isAllowed ? undefined : 404]);
    }
  }
});

test('defineChannels: a channel of an application has subscribe and events', async () => {
  const board = newId('tsk');
  const reading: MemberContext[] = [];
  const own = defineChannels({
    'private-board-{tsk}-of-{usr}': {
      permission: 'channels:subscribe',
      allow: async (ctx, { tsk, usr }) => {
        reading.push(ctx);
        return tsk === board && usr === ctx.actor.userId;
      },
    },
    'public-news': { permission: 'channels:subscribe', allow: () => true },
    'public-news-for-owners': { permission: 'owners:manage', allow: () => true },
  });
  const { url } = await startReplica('websocket-1', { channels: own });
  const agent = await newUser();
  const { socket, events } = await connect(url, agent.token);
  const channel = `private-board-${board}-of-${agent.userId}`;
  for (const name of [channel, 'public-news']) {
    expect(await call(socket, 'subscribe', { channel: name })).toMatchObject({ ok: true });
  }
  expect(reading[0]).toMatchObject({ actor: { userId: agent.userId }, tenantId: agent.tenantId });
  await channelLog().append(newEntries(channel, 1));
  await until(() => events.length, { equals: 1 });
  expect(events[0]).toMatchObject({ channel, data: { n: 0 } });
  const { userId } = agent;
  for (const name of [
    `private-board-${board}-of-${newId('usr')}`,
    `private-board-${newId('tsk')}-of-${userId}`,
    `private-board-*-of-${userId}`,
    'public-new',
    'public-news-for-owners',
    Channels.userPrivate(userId),
  ]) {
    const refused = { ok: false, error: { status: 404, code: 'NOT_FOUND' } };
    expect(await call(socket, 'subscribe', { channel: name })).toMatchObject(refused);
  }
});

test.each(['yes', 1, {}, undefined])(
  'authorizeChannel: a result of %p is refused',
  async (answer) => {
    const permission = 'channels:subscribe' as const;
    const invalid = { find: () => ({ pattern: '', permission, allow: () => answer as never }) };
    const { member } = await createTestTenant(context);
    const result = authorizeChannel({ ...services, channels: invalid }, await member('agent'), 'x');
    await expect(result).rejects.toMatchObject({ status: 404 });
  },
);

test('public channels: every member receives the events of the organization, none can publish', async () => {
  const { url } = await startReplica('websocket-1', { channels });
  const customer = await newUser({ role: 'customer' });
  const { socket, events } = await connect(url, customer.token);
  const channel = Channels.organizationPublic(customer.tenantId);
  expect(await call(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
  await channelLog().append(newEntries(channel, 1));
  await until(() => events.length, { equals: 1 });
  const signal = { channel, type: 'typing', data: { on: true } };
  expect(await call(socket, 'publish', signal)).toMatchObject({ error: { status: 403 } });
  const foreign = Channels.organizationPublic(newId('org'));
  expect(await call(socket, 'subscribe', { channel: foreign })).toMatchObject({
    error: { status: 404 },
  });
});
