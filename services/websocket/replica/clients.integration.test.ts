import { expect, test } from 'bun:test';
import { Channels } from '@insightdesk/shared/contract';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { call, createTestReplicas, newChannel, tenantId } from '../testing/test-replica.ts';

const { startReplica, connect, newUser, openSockets, valkey } = createTestReplicas();

test('sockets: the clients of a channel and the channels of a member, over all replicas', async () => {
  const [one, two] = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const sockets = openSockets();
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
  {
    const clients = await sockets.getChannelClients({ tenantId, channel: shared });
    expect(clients).toHaveLength(3);
    expect(clients).toEqual(expect.arrayContaining([ofPhone, ofDesk, ofVisitor]));
    expect(await sockets.getChannelClients({ tenantId, channel: own })).toEqual([ofDesk]);
    const socketId = ofPhone.socketId;
    expect(await sockets.getClientChannels({ socketId })).toEqual([shared]);
    const { userId } = agent;
    expect(await sockets.getClientChannels({ tenantId, userId })).toEqual([shared, own].sort());
  }
  await call(phone.socket, 'unsubscribe', { channel: shared });
  desk.socket.disconnect();
  const left = () => sockets.getChannelClients({ tenantId, channel: shared });
  await until(async () => (await left()).length, { equals: 1 });
  expect(await left()).toEqual([ofVisitor]);
  expect(await sockets.getClientChannels(agent)).toEqual([]);
});

test('sockets: unknown channels, members and sockets have none', async () => {
  const { url } = await startReplica();
  const sockets = openSockets();
  const { token, userId } = await newUser();
  await connect(url, token);
  expect(await sockets.getChannelClients({ tenantId, channel: `user:${userId}` })).toEqual([]);
  expect(await sockets.getClientChannels({ tenantId, userId: newId('usr') })).toEqual([]);
  expect(await sockets.getClientChannels({ socketId: 'unknown' })).toEqual([]);
});

test('sockets: setPresence changes what a member shows on every replica', async () => {
  const replicas = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const [agent, watcher] = [await newUser(), await newUser()];
  const channel = Channels.organizationPresence(tenantId);
  const watching = await connect(replicas[0]?.url ?? '', watcher.token);
  await call(watching.socket, 'subscribe', { channel });
  for (const { url } of replicas) {
    const { socket } = await connect(url, agent.token);
    await call(socket, 'subscribe', { channel });
  }
  const sockets = openSockets();
  const { userId } = agent;
  const update = { tenantId, userId, status: 'away', metadata: { until: '17:00' } };
  expect(await sockets.setPresence(update)).toBe(2);
  const { members } = await call(watching.socket, 'presence', { channel });
  expect(members.find((member: { userId: string }) => member.userId === userId)).toEqual({
    ...{ userId, status: 'away', metadata: { until: '17:00' }, connections: 2 },
  });
  expect(await sockets.setPresence({ ...update, userId: newId('usr') })).toBe(0);
});

test('sockets: a replica that does not answer is reported', async () => {
  const silent = valkey('subscriber');
  await silent.subscribe('realtime:socket-queries');
  const pending = openSockets().getClientChannels({ socketId: 'unknown' });
  await expect(pending).rejects.toMatchObject({ status: 503 });
});
