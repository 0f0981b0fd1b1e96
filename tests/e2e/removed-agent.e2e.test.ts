import { expect, test } from 'bun:test';
import { until } from '../../shared/testing/until.ts';
import { call, createOrganization, listEmails } from './client.ts';

test.each(['DELETE', 'PATCH'])(
  'after %s of an agent its conversations are unassigned and the other agents are notified',
  async (method) => {
    const { owner, agent, absent, customer } = await createOrganization();
    const opened = await call('POST', '/v1/conversations', {
      token: customer.token,
      body: { subject: 'A kettle', body: 'It leaks' },
    });
    const path = `/v1/conversations/${opened.body.id}`;
    const token = owner.token;
    const assigned = await call('PATCH', path, { token, body: { assigneeId: absent.id } });
    expect(assigned.body.assigneeId).toBe(absent.id);
    const role = method === 'PATCH' ? { body: { role: 'customer' } } : {};
    const left = await call(method, `/v1/members/${absent.id}`, { token, ...role });
    expect(left.status).toBeLessThan(300);
    const body = 'Is somebody there?';
    const sent = await call('POST', `${path}/messages`, { token: customer.token, body: { body } });
    expect(sent.status).toBe(201);
    const notified = async (address: string) =>
      (await listEmails(address)).filter(({ text }) => text.includes(body)).length;
    await until(async () => (await notified(agent.email)) && (await notified(owner.email)), {
      timeoutMs: 20_000,
    });
    await until(async () => (await call('GET', path, { token })).body.assigneeId, {
      equals: null,
      timeoutMs: 20_000,
    });
    expect(await notified(absent.email)).toBe(0);
  },
);
