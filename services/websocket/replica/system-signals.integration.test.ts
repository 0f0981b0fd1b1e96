import { expect, test } from 'bun:test';
import { Channels } from '@insightdesk/shared/contract';
import { publishSignals } from '@insightdesk/shared/realtime';
import { until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { call, createTestReplicas, tenantId } from '../testing/test-replica.ts';

const { startReplica, connect, newUser, valkey } = createTestReplicas();

test('system signals: they reach the subscribers of their organization on every replica', async () => {
  const channel = Channels.organization(tenantId);
  const replicas = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const received: unknown[][] = [];
  const enter = async (url: string, token: string, subscribes = true) => {
    const { socket } = await connect(url, token);
    const own: unknown[] = [];
    received.push(own);
    socket.on('signal', (signal) => own.push(signal));
    if (subscribes)
      expect(await call(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
  };
  const agent = await newUser();
  for (const { url } of replicas) await enter(url, agent.token);
  const url = replicas[0]?.url ?? '';
  await enter(url, agent.token, false);
  await enter(url, (await newUser({ tenantId: newId('org') })).token);

  const publisher = valkey('command');
  await until(() => publisher.status, { equals: 'ready' });
  const signal = { channel, type: 'job.updated', data: { id: 'x', state: 'active' } };
  publishSignals(publisher, [{ tenantId, ...signal }], () => {});
  await until(() => received.slice(0, 2).every((own) => own.length === 1));
  const expected = [{ ...signal, from: 'system' }];
  expect(received).toEqual([expected, expected, [], []]);
});
