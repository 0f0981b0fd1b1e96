import { expect, test } from 'bun:test';
import { Channels } from '@insightdesk/shared/contract';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { call, createTestReplicas, newChannel, tenantId } from '../testing/test-replica.ts';

const { startReplica, connect, newUser } = createTestReplicas();

test('clients: every replica lists the sockets of a channel and the channels of a member', async () => {
  const [one, two] = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const [agent, other] = [await newUser(), await newUser()];
  const phone = await connect(one.url, agent.token);
  const desk = await connect(two.url, agent.token);
  const visitor = await connect(two.url, other.token);
  const [shared, own] = [newChannel(), Channels.userPrivate(agent.userId)];
  for (const { socket } of [phone, desk, visitor])
    await call(socket, 'subscribe', { channel: shared });
  await call(desk.socket, 'subscribe', { channel: own });

  const ofPhone = { socketId: String(phone.socket.id), userId: agent.userId };
  const ofDesk = { socketId: String(desk.socket.id), userId: agent.userId };
  const ofVisitor = { socketId: String(visitor.socket.id), userId: other.userId };
  for (const { server } of [one, two]) {
    const clients = await server.getChannelClients({ tenantId, channel: shared });
    expect(clients).toHaveLength(3);
    expect(clients).toEqual(expect.arrayContaining([ofPhone, ofDesk, ofVisitor]));
    expect(await server.getChannelClients({ tenantId, channel: own })).toEqual([ofDesk]);
    const socketId = ofPhone.socketId;
    expect(await server.getClientChannels({ socketId })).toEqual([shared]);
    const { userId } = agent;
    expect(await server.getClientChannels({ tenantId, userId })).toEqual([shared, own].sort());
  }
  await call(phone.socket, 'unsubscribe', { channel: shared });
  desk.socket.disconnect();
  const left = () => two.server.getChannelClients({ tenantId, channel: shared });
  await until(async () => (await left()).length, { equals: 1 });
  expect(await left()).toEqual([ofVisitor]);
  expect(await one.server.getClientChannels(agent)).toEqual([]);
});

test('clients: unknown channels, members and sockets have none', async () => {
  const { server, url } = await startReplica();
  const { token, userId } = await newUser();
  await connect(url, token);
  expect(await server.getChannelClients({ tenantId, channel: `user:${userId}` })).toEqual([]);
  expect(await server.getClientChannels({ tenantId, userId: newId('usr') })).toEqual([]);
  expect(await server.getClientChannels({ socketId: 'unknown' })).toEqual([]);
});
