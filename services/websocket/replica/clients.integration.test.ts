import { afterAll, afterEach, expect, test } from 'bun:test';
import { Channels } from '@insightdesk/shared/contract';
import { createTestContext, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { ask, createStage, newChannel, tenantId } from '../test-replica.ts';

const testContext = createTestContext();
const { startReplica, connect, person, close } = createStage(testContext);
afterEach(close);
afterAll(testContext.close);

test('who is where is known on every replica', async () => {
  const [one, two] = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const [agent, other] = [await person(), await person()];
  const phone = await connect(one.url, agent.token);
  const desk = await connect(two.url, agent.token);
  const stranger = await connect(two.url, other.token);
  const [shared, own] = [newChannel(), Channels.userPrivate(agent.userId)];
  for (const { socket } of [phone, desk, stranger])
    await ask(socket, 'subscribe', { channel: shared });
  await ask(desk.socket, 'subscribe', { channel: own });

  const ofPhone = { socketId: String(phone.socket.id), userId: agent.userId };
  const ofDesk = { socketId: String(desk.socket.id), userId: agent.userId };
  const ofStranger = { socketId: String(stranger.socket.id), userId: other.userId };
  for (const { server } of [one, two]) {
    const clients = await server.getChannelClients({ tenantId, channel: shared });
    expect(clients).toHaveLength(3);
    expect(clients).toEqual(expect.arrayContaining([ofPhone, ofDesk, ofStranger]));
    expect(await server.getChannelClients({ tenantId, channel: own })).toEqual([ofDesk]);
    const socketId = ofPhone.socketId;
    expect(await server.getClientChannels({ socketId })).toEqual([shared]);
    const { userId } = agent;
    expect(await server.getClientChannels({ tenantId, userId })).toEqual([shared, own].sort());
  }
  await ask(phone.socket, 'unsubscribe', { channel: shared });
  desk.socket.disconnect();
  const left = () => two.server.getChannelClients({ tenantId, channel: shared });
  await until(async () => (await left()).length === 1);
  expect(await left()).toEqual([ofStranger]);
  expect(await one.server.getClientChannels(agent)).toEqual([]);
});

test('what is no channel or nobody: nothing', async () => {
  const { server, url } = await startReplica();
  const { token, userId } = await person();
  await connect(url, token);
  expect(await server.getChannelClients({ tenantId, channel: `user:${userId}` })).toEqual([]);
  expect(await server.getClientChannels({ tenantId, userId: newId('usr') })).toEqual([]);
  expect(await server.getClientChannels({ socketId: 'nobody' })).toEqual([]);
});
