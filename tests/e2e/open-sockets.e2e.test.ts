import { afterAll, expect, test } from 'bun:test';
import { call, isLocalStack, type Listener, listen, openOrganization, until } from './client.ts';
import { replaceService } from './kill-targets.ts';

const listeners: Listener[] = [];
afterAll(() => {
  for (const { socket } of listeners) socket.disconnect();
});

test.skipIf(!isLocalStack)(
  'how many sockets are open is known, on all replicas, also when one is killed',
  async () => {
    const [own, other] = [await openOrganization(), await openOrganization()];
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
    await until(async () => (await open()) === 3);
    await replaceService('websocket-1', 'SIGKILL');
    await until(async () => (await open()) === 2);
    expect(listeners.map(({ socket }) => socket.connected)).toEqual([false, true, true, false]);
  },
);
