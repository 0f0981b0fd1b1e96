import { afterAll, afterEach, expect, test } from 'bun:test';
import type { Context, MemberContext } from '@insightdesk/shared/context';
import { Channels } from '@insightdesk/shared/contract';
import { openConversation } from '@insightdesk/shared/domain/desk/conversations';
import { createTestContext, createTestTenant, until, userOf } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { createSessionRecords } from './admission/session-records.ts';
import { sessionsOf } from './admission/session-source.ts';
import { channels } from './channels.ts';
import { authorize } from './subscriptions/authorize.ts';
import { defineChannels } from './subscriptions/channel-table.ts';
import { ask, createStage, entries } from './test-replica.ts';

const testContext = createTestContext();
const { context } = testContext;
const { startReplica, connect, person, channelLog, close } = createStage(testContext);
afterEach(close);
afterAll(testContext.close);

const services = {
  channels,
  context: (caller: object) => ({ ...context, ...caller }),
  sessionRecords: createSessionRecords(sessionsOf(context)),
};

test('each of the channels of the contract: who may listen, and who hears that it is not there', async () => {
  const { owner, tenantId, member } = await createTestTenant(context);
  const [agent, customer, other] = [
    await member('agent'),
    await member('customer'),
    await member('customer'),
  ];
  const stranger = (await createTestTenant(context)).owner;
  const { id } = await openConversation(customer, { subject: 'A lamp', body: 'It is broken' });
  const everyone = { owner, agent, customer, other, stranger };
  const expected: [string, (keyof typeof everyone)[]][] = [
    [Channels.userPrivate(userOf(customer)), ['customer']],
    [Channels.organization(tenantId), ['owner', 'agent']],
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
    for (const [name, who] of Object.entries<Context>(everyone)) {
      const answer = await authorize(services, who, channel).catch(({ status }) => status);
      const isAllowed = allowed.some((one) => one === name);
      expect([name, channel, answer]).toEqual([name, channel, isAllowed ? undefined : 404]);
    }
  }
});

test('an application adds a channel by one line: subscribe, events, signals, who is where', async () => {
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
  const { server, url } = await startReplica('websocket-1', { channels: own });
  const agent = await person();
  const { socket, events } = await connect(url, agent.token);
  const channel = `private-board-${board}-of-${agent.userId}`;
  for (const name of [channel, 'public-news']) {
    expect(await ask(socket, 'subscribe', { channel: name })).toMatchObject({ ok: true });
  }
  expect(reading[0]).toMatchObject({ actor: { userId: agent.userId }, tenantId: agent.tenantId });
  await channelLog().append(entries(channel, 1));
  await until(() => events.length === 1);
  expect(events[0]).toMatchObject({ channel, data: { n: 0 } });
  const { userId, tenantId } = agent;
  expect(await server.getClientChannels({ tenantId, userId })).toEqual([channel, 'public-news']);
  expect(await server.getChannelClients({ tenantId, channel })).toEqual([
    { socketId: String(socket.id), userId },
  ]);
  for (const name of [
    `private-board-${board}-of-${newId('usr')}`,
    `private-board-${newId('tsk')}-of-${userId}`,
    `private-board-*-of-${userId}`,
    'public-new',
    'public-news-for-owners',
    Channels.userPrivate(userId),
  ]) {
    const refused = { ok: false, error: { status: 404, code: 'NOT_FOUND' } };
    expect(await ask(socket, 'subscribe', { channel: name })).toMatchObject(refused);
  }
});

test.each(['yes', 1, {}, undefined])('an answer of %p is no permission', async (answer) => {
  const permission = 'channels:subscribe' as const;
  const careless = { find: () => ({ pattern: '', permission, allow: () => answer as never }) };
  const { member } = await createTestTenant(context);
  const asking = authorize({ ...services, channels: careless }, await member('agent'), 'x');
  await expect(asking).rejects.toMatchObject({ status: 404 });
});
