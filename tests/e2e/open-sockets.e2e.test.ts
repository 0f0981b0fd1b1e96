import { afterAll, expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import { call, createOrganization, isLocalStack, type Listener, listen } from './client.ts';
import { replaceService } from './kill-targets.ts';

const listeners: Listener[] = [];
afterAll(() => {
  for (const { socket } of listeners) socket.disconnect();
});

test.skipIf(!isLocalStack)(
  'the number of open sockets is correct on all replicas, also after a kill',
  async () => {
    const [own, other] = [await createOrganization(), await createOrganization()];
    const enter = async (token: string, replica: string) => {
      listeners.push(await listen(token, { replica, reconnection: false }));
    };
    const open = async () => {
      const { body } = await call('GET', '/v1/usage', { token: own.owner.token });
      const quotas: { name: string; value: number }[] = body.quotas;
      return quotas.find(({ name }) => name === 'sockets')?.value;
    };
    expect(await open()).toBe(0);
    for (const replica of ['1', '2', '2']) await enter(own.agent.token, replica);
    await enter(other.agent.token, '1');
    await until(() => open(), { equals: 3 });
    await replaceService('websocket-1', 'SIGKILL');
    await until(() => open(), { equals: 2 });
    expect(listeners.map(({ socket }) => socket.connected)).toEqual([false, true, true, false]);
  },
);
