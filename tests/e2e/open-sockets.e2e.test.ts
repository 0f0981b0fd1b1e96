import { afterAll, expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import { call, createOrganization, isLocalStack, type Listener, listen } from './client.ts';
import { restartService } from './kill-targets.ts';

const listeners: Listener[] = [];
afterAll(() => {
  for (const { socket } of listeners) socket.disconnect();
});

test.skipIf(!isLocalStack)(
  'the number of open sockets is correct on all replicas, also after a kill',
  async () => {
    const [organization, other] = [await createOrganization(), await createOrganization()];
    const connect = async (token: string, replica: string) => {
      listeners.push(await listen(token, { replica, reconnection: false }));
    };
    const countSockets = async () => {
      const { body } = await call('GET', '/v1/usage', { token: organization.owner.token });
      const quotas: { name: string; value: number }[] = body.quotas;
      return quotas.find(({ name }) => name === 'sockets')?.value;
    };
    expect(await countSockets()).toBe(0);
    for (const replica of ['1', '2', '2']) await connect(organization.agent.token, replica);
    await connect(other.agent.token, '1');
    await until(() => countSockets(), { equals: 3 });
    await restartService('websocket-1', 'SIGKILL');
    await until(() => countSockets(), { equals: 2 });
    expect(listeners.map(({ socket }) => socket.connected)).toEqual([false, true, true, false]);
  },
);
