import { afterEach, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import {
  Channels,
  createClient,
  type Message,
  type PresentMember,
  RequestRejectedError,
} from '@insightdesk/client';
import { createRequests } from '@insightdesk/shared/realtime';
import { createValkey } from '@insightdesk/shared/valkey';
import { until } from '../../shared/testing/until.ts';
import { call, inviteMember, isLocalStack, type Person, registerOwner, run } from './client.ts';

const ca = readFileSync(run.ca, 'utf8');
const closing: (() => unknown)[] = [];
let owner: Person;
let agent: Person;
let customer: Person;
let conversationId: Message['conversationId'];

beforeAll(async () => {
  owner = await registerOwner();
  [agent, customer] = await Promise.all([
    inviteMember(owner, 'agent', 'Ada Agent'),
    inviteMember(owner, 'customer', 'Carla Customer'),
  ]);
  const body = { subject: 'Live', body: 'first' };
  conversationId = (await call('POST', '/v1/conversations', { token: customer.token, body })).body
    .id;
});

afterEach(() => {
  for (const close of closing.splice(0).reverse()) close();
});

/** Sockets go to `url`, calls always through nginx. */
function connect({ token, refreshToken }: Person, url = run.url) {
  const connections: boolean[] = [];
  const client = createClient({
    url,
    tokens: { accessToken: token, refreshToken },
    onConnectionChange: (isConnected) => connections.push(isConnected),
    fetch: (address, init) =>
      fetch(address.replace(url, run.url), { ...init, tls: { ca } } as RequestInit),
    socketOptions: { ca } as object,
  });
  closing.push(() => client.close());
  return { client, connections };
}

const service = (name: string) => run.services.find((one) => one.name === name)?.url;

function watch(client: ReturnType<typeof connect>['client']) {
  const seen = { members: [] as readonly PresentMember[], typing: '', changes: [] as string[] };
  const presence = client.presence(Channels.conversationPresence(conversationId), {
    onMembersChange: (members) => {
      seen.members = members;
    },
    onTypingChange: (userIds) => {
      seen.typing = userIds.join();
    },
    onMemberChange: ({ change, member }) => seen.changes.push(`${change} ${member.status}`),
  });
  return { presence, seen };
}

test('two clients see presence, typing and device changes of each other', async () => {
  const [one, two] = [connect(agent), connect(customer)];
  const here = watch(one.client);
  await here.presence.ready;
  await until(() => here.seen.members.length, { equals: 1 });
  two.client.setPresence({ status: 'reading', metadata: { page: 'lamp' } });
  const there = watch(two.client);
  await until(() => here.seen.members.length === 2 && there.seen.members.length === 2);
  expect(here.seen.changes).toEqual(['joined reading']);
  there.presence.setTyping();
  await until(() => here.seen.typing === customer.id);
  there.presence.setTyping(false);
  await until(() => here.seen.typing, { equals: '' });
  two.client.setPresence({ status: 'away' });
  await until(() => here.seen.changes.includes('changed away'));

  const heir = connect(customer);
  heir.client.setPresence({ status: 'back' });
  const again = watch(heir.client);
  await again.presence.ready;
  two.client.close();
  await until(() => here.seen.changes.includes('changed back'));
  again.presence.close();
  await until(() => here.seen.changes.includes('left offline'), { timeoutMs: 20_000 });
  expect(here.presence.members.map(({ userId }) => userId)).toEqual([agent.id]);
});

test.skipIf(!isLocalStack)(
  'a former agent receives no staff events on either replica and one closing event',
  async () => {
    const demoted = await inviteMember(owner, 'agent', 'Dora Demoted');
    const organizationId = owner.organizationId as `org_${string}`;
    const staffOnly = [
      Channels.organization(organizationId),
      Channels.organizationPresence(organizationId),
      Channels.conversation(conversationId),
      Channels.conversationStaff(conversationId),
    ];
    const own = Channels.userPrivate(demoted.id as `usr_${string}`);
    const devices = await Promise.all(
      ['websocket-1', 'websocket-2'].map(async (name, i) => {
        const login = { email: demoted.email, password: 'correct horse battery' };
        const { body } = await call('POST', '/v1/auth/login', { body: login });
        const session = { ...demoted, token: body.accessToken, refreshToken: body.refreshToken };
        const { client, connections } = connect(session, service(name));
        const events: { channel: string; type: string }[] = [];
        const ended: unknown[] = [];
        const subscriptions = [own, ...staffOnly].map((channel) =>
          client.subscribe(channel, {
            onEvent: (event) => events.push(event),
            onGap: () => events.push({ channel, type: 'gap' }),
            onEnd: (error) => ended.push([channel, (error as { status?: number }).status]),
          }),
        );
        await Promise.all(subscriptions.map(({ ready }) => ready));
        return { name: `device ${i}`, events, ended, connections };
      }),
    );
    const setRole = (role: string) =>
      call('PATCH', `/v1/members/${demoted.id}`, { token: owner.token, body: { role } });
    const updates = (events: { channel: string; type: string }[]) =>
      events.filter(({ channel, type }) => channel === own && type === 'member.updated').length;

    expect((await setRole('customer')).status).toBe(200);
    const refused = staffOnly.map((channel) => [channel, 404]).sort();
    await until(() => devices.every(({ ended }) => ended.length === 4), { timeoutMs: 20_000 });
    for (const { ended } of devices) expect(ended.toSorted() as unknown).toEqual(refused);
    for (const { events } of devices) events.splice(0);

    const path = `/v1/conversations/${conversationId}/messages`;
    for (const kind of ['note', 'reply']) {
      await call('POST', path, { token: owner.token, body: { kind, body: 'not for you' } });
    }
    // What follows in the same outbox comes after: then the messages have been told everywhere.
    expect((await setRole('agent')).status).toBe(200);
    await until(() => devices.every(({ events }) => updates(events) === 1), { timeoutMs: 20_000 });
    for (const { events, ended } of devices) {
      expect(events.map(({ channel }) => channel)).toEqual([own]);
      expect(ended).toHaveLength(4);
    }
    await until(() => devices.every(({ connections }) => connections.length === 5), {
      timeoutMs: 20_000,
    });
    for (const { connections } of devices) {
      expect(connections).toEqual([true, false, true, false, true]);
    }
  },
);

test.skipIf(!isLocalStack)(
  'a request to a user is answered once, refused, or fails when no device is connected',
  async () => {
    const onError = (error: unknown) => console.error(error);
    const open = (role: 'command' | 'subscriber') => {
      const valkey = createValkey(run.valkey, { name: 'test-asker', role, onError });
      closing.push(() => valkey.disconnect());
      return valkey;
    };
    const { request } = createRequests({
      publisher: open('command'),
      connect: () => open('subscriber'),
    });
    const question = {
      tenantId: agent.organizationId as `org_${string}`,
      userId: agent.id as `usr_${string}`,
      name: 'call.offered',
      payload: { from: 'Carla' },
    };
    const options = { timeoutMs: 1_000, attempts: 20 };
    const asking = request(question, options);
    const { client } = connect(agent, service('websocket-2'));
    const asked: string[] = [];
    const remove = client.onRequest<{ from: string }, string>(
      'call.offered',
      ({ from }, { id }) => {
        asked.push(id);
        if (from === 'Nobody') throw new RequestRejectedError('BUSY', 'In a call');
        return `${from}, please wait`;
      },
    );
    expect(await asking).toBe('Carla, please wait');
    expect(await request(question, options)).toBe('Carla, please wait');
    expect(new Set(asked).size).toBe(2);
    const refused = request({ ...question, payload: { from: 'Nobody' } }, options);
    await expect(refused).rejects.toMatchObject({ code: 'BUSY', detail: 'In a call' });
    remove();
    const unheard = request(question, { timeoutMs: 200, attempts: 2 });
    await expect(unheard).rejects.toMatchObject({ code: 'NO_ANSWER' });
    expect(asked).toHaveLength(3);
  },
);
