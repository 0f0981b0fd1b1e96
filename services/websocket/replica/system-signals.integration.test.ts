import { afterAll, afterEach, expect, test } from 'bun:test';
import { Channels } from '@insightdesk/shared/contract';
import { sendSignals } from '@insightdesk/shared/realtime';
import { createTestContext, until } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { ask, createStage, tenantId } from '../test-replica.ts';

const testContext = createTestContext();
const { startReplica, connect, person, valkey, close } = createStage(testContext);
afterEach(close);
afterAll(testContext.close);

test('what the system signals reaches the subscribers of that organisation, on any replica', async () => {
  const channel = Channels.organization(tenantId);
  const replicas = [await startReplica('websocket-1'), await startReplica('websocket-2')];
  const heard: unknown[][] = [];
  const enter = async (url: string, token: string, subscribes = true) => {
    const { socket } = await connect(url, token);
    const own: unknown[] = [];
    heard.push(own);
    socket.on('signal', (signal) => own.push(signal));
    if (subscribes) expect(await ask(socket, 'subscribe', { channel })).toMatchObject({ ok: true });
  };
  const agent = await person();
  for (const { url } of replicas) await enter(url, agent.token);
  const url = replicas[0]?.url ?? '';
  await enter(url, agent.token, false);
  await enter(url, (await person({ tenantId: newId('org') })).token);

  const publisher = valkey('command');
  await until(() => publisher.status === 'ready');
  const signal = { channel, type: 'job.updated', data: { id: 'x', state: 'active' } };
  sendSignals(publisher, [{ tenantId, ...signal }], () => {});
  await until(() => heard.slice(0, 2).every((own) => own.length === 1));
  const told = [{ ...signal, from: 'system' }];
  expect(heard).toEqual([told, told, [], []]);
});
