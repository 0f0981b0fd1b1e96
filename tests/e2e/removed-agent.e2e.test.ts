import { expect, test } from 'bun:test';
import { call, mailsTo, openOrganization, until } from './client.ts';

test.each(['DELETE', 'PATCH'])(
  'after his %s a customer writes to the rest of the staff, and the conversation is free',
  async (method) => {
    const { owner, agent, absent, customer } = await openOrganization();
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
    const told = async (address: string) =>
      (await mailsTo(address)).filter(({ text }) => text.includes(body)).length;
    await until(async () => (await told(agent.email)) && (await told(owner.email)), 20_000);
    await until(async () => (await call('GET', path, { token })).body.assigneeId === null, 20_000);
    expect(await told(absent.email)).toBe(0);
  },
);
