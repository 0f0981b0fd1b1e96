import { afterAll, beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { mkdir, mkdtemp, rm, symlink } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { dirname, join } from 'node:path';
import {
  type ChannelEvent,
  Channels,
  createClient,
  Events,
  type Message,
  type Tokens,
} from '@insightdesk/client';
import { createRequests } from '@insightdesk/shared/realtime';
import { createValkey } from '@insightdesk/shared/valkey';
import { type Browser, chromium, type Page } from 'playwright-core';
import { until } from '../../shared/testing/until.ts';
import { findChromium } from './chromium.ts';
import {
  call,
  inviteMember,
  isLocalStack,
  password,
  registerOwner,
  run,
  type TestUser,
} from './client.ts';
import { restartService } from './kill-targets.ts';

// Pages that a test serves count as public, and must not request this machine otherwise.
const chromiumFlags = ['--no-sandbox', '--disable-features=LocalNetworkAccessChecks'];
const executablePath = findChromium();

const root = join(import.meta.dir, '../..');
const ca = readFileSync(run.ca, 'utf8');
const closing: (() => unknown)[] = [];
let agent: TestUser;
let customer: TestUser;
let folder: string;

beforeAll(async () => {
  const owner = await registerOwner();
  [agent, customer] = await Promise.all([
    inviteMember(owner, 'agent', 'Ada Agent'),
    inviteMember(owner, 'customer', 'Carla Customer'),
  ]);
  folder = await mkdtemp(join(tmpdir(), 'insightdesk-client-'));
  await install(folder);
});

afterAll(async () => {
  for (const close of closing.reverse()) await close();
  await rm(folder, { recursive: true });
});

/** Installs the built package and the compiled example. */
async function install(directory: string): Promise<void> {
  const modules = join(directory, 'node_modules');
  await mkdir(join(modules, '@insightdesk'), { recursive: true });
  const builder = Bun.spawn([process.execPath, 'build.ts', join(modules, '@insightdesk/client')], {
    cwd: join(root, 'client'),
  });
  expect(await builder.exited).toBe(0);
  const socketIo = Bun.resolveSync('socket.io-client/package.json', root);
  await symlink(dirname(socketIo), join(modules, 'socket.io-client'));
  const entrypoints = [join(root, 'client/examples/follow.ts')];
  await Bun.build({ entrypoints, outdir: directory, external: ['*'], target: 'node' });
  await Bun.write(join(directory, 'package.json'), '{ "type": "module" }');
}

function connect({ token, refreshToken }: TestUser, expiresAt?: number) {
  const changes = { connections: [] as boolean[], tokens: [] as (Tokens | undefined)[] };
  const client = createClient({
    url: run.url,
    tokens: { accessToken: token, refreshToken, expiresAt },
    onTokensChange: (tokens) => changes.tokens.push(tokens),
    onConnectionChange: (isConnected) => changes.connections.push(isConnected),
    fetch: (url, init) => fetch(url, { ...init, tls: { ca } } as RequestInit),
    socketOptions: { ca } as object,
  });
  closing.push(() => client.close());
  return { client, changes };
}

const bodiesOf = (events: ChannelEvent[]) =>
  events.flatMap(({ type, data }) => (type === Events.messageCreated ? data.body : []));

async function createConversation(subject: string): Promise<Message['conversationId']> {
  const { body } = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: { subject, body: 'first' },
  });
  return body.id;
}

test.skipIf(!isLocalStack)(
  'two clients continue while an API and one WebSocket are killed and the other is drained',
  async () => {
    const conversationId = await createConversation('Two clients');
    const people = [agent, customer].map((person) => {
      const { client, changes } = connect(person);
      const events: ChannelEvent[] = [];
      const gaps: unknown[] = [];
      const subscription = client.subscribe(Channels.conversation(conversationId), {
        onEvent: (event) => events.push(event),
        onGap: (gap) => gaps.push(gap),
      });
      return { client, changes, events, gaps, subscription };
    });
    await Promise.all(people.map(({ subscription }) => subscription.ready));

    let isEnding = false;
    const sendMessages = async (name: string, { send }: (typeof people)[0]['client']) => {
      const sent: string[] = [];
      for (let n = 0; !isEnding || n < 20; n++) {
        sent.push((await send(conversationId, { body: `${name} ${n}` })).body);
        await Bun.sleep(50);
      }
      return sent;
    };
    const sending = people.map(({ client }, i) =>
      sendMessages(i === 0 ? 'agent' : 'customer', client),
    );
    await restartService('websocket-1', 'SIGKILL');
    await restartService('api-1', 'SIGKILL');
    await restartService('websocket-2', 'SIGTERM');
    isEnding = true;
    const sent = (await Promise.all(sending)).flat();

    for (const { events, gaps, changes, subscription } of people) {
      const replies = () => bodiesOf(events).filter((body) => body !== 'first');
      await until(() => replies().length >= sent.length, { timeoutMs: 20_000 });
      expect(replies().toSorted()).toEqual(sent.toSorted());
      for (const name of ['agent', 'customer']) {
        const sentBy = (bodies: string[]) => bodies.filter((body) => body.startsWith(name));
        expect(sentBy(replies())).toEqual(sentBy(sent));
      }
      const offsets = events.map(({ offset }) => offset);
      expect(offsets).toEqual([...new Set(offsets)].toSorted((a, b) => a - b));
      expect(gaps).toEqual([]);
      expect(changes.connections.filter((isConnected) => isConnected).length).toBeGreaterThan(1);
      expect(subscription.position?.offset).toBe(offsets.at(-1));
    }
  },
);

test('the client renews its token on the open socket before it expires', async () => {
  const conversationId = await createConversation('Renewal');
  const fresh = await call('POST', '/v1/auth/login', { body: { email: agent.email, password } });
  const { accessToken: token, refreshToken } = fresh.body;
  const { client, changes } = connect({ ...agent, token, refreshToken }, Date.now() + 2_000);
  const events: ChannelEvent[] = [];
  const onEvent = (event: ChannelEvent) => void events.push(event);
  const ended: Error[] = [];
  const listener = { onEvent, onGap() {}, onEnd: (error: Error) => ended.push(error) };
  await client.subscribe(Channels.conversation(conversationId), listener).ready;
  await until(() => changes.tokens.length, { atLeast: 1 });
  await client.send(conversationId, { body: 'after renewal' });
  await until(() => bodiesOf(events).includes('after renewal'));
  expect(changes.connections).toEqual([true]);
  expect(changes.tokens).toHaveLength(1);

  await client.logout();
  expect(changes.tokens.at(-1)).toBeUndefined();
  expect(ended).toMatchObject([{ code: 'SIGNED_OUT' }]);
  expect(await client.me().catch(({ status }) => status)).toBe(401);
});

test('two clients see presence and typing of each other', async () => {
  const conversationId = await createConversation('Presence');
  const channel = Channels.conversationPresence(conversationId);
  const clients = [connect(agent).client, connect(customer).client] as const;
  const seen = { members: 0, typing: '', changes: [] as string[] };
  const firstPresence = clients[0].presence(channel, {
    onMembersChange: ({ length }) => {
      seen.members = length;
    },
    onTypingChange: (userIds) => {
      seen.typing = userIds.join();
    },
    onMemberChange: ({ change, member }) => seen.changes.push(`${change} ${member.status}`),
  });
  await firstPresence.ready;
  clients[1].setPresence({ status: 'reading' });
  const secondPresence = clients[1].presence(channel);
  await until(() => seen.members, { equals: 2 });
  secondPresence.setTyping();
  await until(() => seen.typing, { equals: customer.id });
  clients[1].setPresence({ status: 'away' });
  await until(() => seen.changes.length, { equals: 2 });
  secondPresence.close();
  await until(() => seen.changes.length, { equals: 3, timeoutMs: 20_000 });
  expect(seen.changes).toEqual(['joined reading', 'changed away', 'left offline']);
});

test.skipIf(!isLocalStack)('the client answers a request of the system', async () => {
  const open = (role: 'command' | 'subscriber') => {
    const valkey = createValkey(run.valkey, { name: 'test-request', role, onError: console.error });
    closing.push(() => valkey.disconnect());
    return valkey;
  };
  const { request } = createRequests({
    publisher: open('command'),
    connect: () => open('subscriber'),
  });
  const { client } = connect(agent);
  client.onRequest<{ from: string }, string>('call.offered', ({ from }) => `${from}, please wait`);
  const offer = {
    tenantId: agent.organizationId as `org_${string}`,
    userId: agent.id as `usr_${string}`,
    name: 'call.offered',
    payload: { from: 'Carla' },
  };
  const response = request(offer, { timeoutMs: 1_000, attempts: 20 });
  expect(await response).toBe('Carla, please wait');
});

test.skipIf(!isLocalStack)('the client names an unknown issuer of the certificate', async () => {
  const client = createClient({ url: run.url });
  const error = await client.login({ email: agent.email, password }).catch((reason) => reason);
  expect(error).toMatchObject({ name: 'NetworkError', reason: 'certificate' });
  expect(error.message).toContain('NODE_EXTRA_CA_CERTS');
});

test('the client uploads and downloads an attachment', async () => {
  const { client } = connect(customer);
  const file = new Blob(['Bulb type: E27'], { type: 'text/plain' });
  const attachment = await client.attachments.upload(file, 'bulb.txt');
  expect(attachment).toMatchObject({ name: 'bulb.txt', sizeBytes: 14 });
  expect(await (await client.attachments.download(attachment.id)).text()).toBe('Bulb type: E27');
});

test('the client example runs in Node.js', async () => {
  const conversationId = await createConversation('From Node');
  const args = [run.url, customer.email, password, conversationId];
  const node = Bun.spawn(['node', 'follow.js', ...args], {
    cwd: folder,
    env: { ...process.env, NODE_EXTRA_CA_CERTS: run.ca },
    stdout: 'pipe',
    stderr: 'inherit',
  });
  closing.push(() => node.kill());
  const path = `/v1/conversations/${conversationId}/messages`;
  await until(
    async () => {
      const { body } = await call('GET', path, { token: agent.token });
      return body.items.some((message: Message) => message.body.startsWith('Hello from v'));
    },
    { timeoutMs: 20_000 },
  );
  await call('POST', path, { token: agent.token, body: { body: 'bye' } });
  expect(await node.exited).toBe(0);
  const lines = (await node.stdout.text()).trim().split('\n');
  expect(lines[0]).toBe('me: first');
  expect(lines[1]).toMatch(/^me: Hello from v2\d$/);
  expect(lines.slice(2)).toEqual(['Ada Agent: bye']);
});

async function openPage(browser: Browser): Promise<Page> {
  const context = await browser.newContext({ ignoreHTTPSErrors: true });
  const page = await context.newPage();
  const bundle = join(folder, 'node_modules/@insightdesk/client/browser.js');
  await page.route('**/example/chat.html', (route) =>
    route.fulfill({ path: join(root, 'client/examples/chat.html') }),
  );
  await page.route('**/example/browser.js', (route) =>
    route.fulfill({ path: bundle, contentType: 'text/javascript' }),
  );
  // Socket.IO does not detect a lost network for `localhost`.
  await page.goto(`${run.url.replace('//localhost', '//127.0.0.1')}/example/chat.html`);
  return page;
}

test.skipIf(!executablePath)(
  'the example page resumes in Chromium after a network failure',
  async () => {
    const conversationId = await createConversation('From a browser');
    const { client } = connect(agent);
    const browser = await chromium.launch({
      ...(executablePath && { executablePath }),
      args: chromiumFlags,
    });
    closing.push(() => browser.close());
    const page = await openPage(browser);
    await page.fill('[name=email]', customer.email);
    await page.fill('[name=password]', password);
    await page.fill('[name=conversation]', conversationId);
    await page.click('button');
    const lines = () => page.locator('li').allTextContents();
    const state = () => page.locator('output').textContent();
    await until(async () => (await lines()).join(), { equals: 'first', timeoutMs: 15_000 });
    await client.send(conversationId, { body: 'live' });
    await until(async () => (await lines()).length, { equals: 2, timeoutMs: 15_000 });
    const text = (name: string) => page.locator(name).textContent();
    const presence = client.presence(
      Channels.conversationPresence(conversationId as `cnv_${string}`),
    );
    await until(() => text('#here'), { equals: '2', timeoutMs: 15_000 });
    await page.fill('[name=draft]', 'Hello');
    await until(() => presence.typing.join() === customer.id, { timeoutMs: 15_000 });
    presence.setTyping();
    await until(() => text('#typing'), { equals: 'typing …', timeoutMs: 15_000 });

    await page.context().setOffline(true);
    await until(() => state(), { equals: 'offline', timeoutMs: 15_000 });
    for (const body of ['one', 'two', 'three']) await client.send(conversationId, { body });
    await Bun.sleep(1_000);
    expect(await lines()).toEqual(['first', 'live']);
    await page.context().setOffline(false);
    await until(async () => (await lines()).length, { atLeast: 5, timeoutMs: 20_000 });
    await client.send(conversationId, { body: 'after' });
    await until(async () => (await lines()).includes('after'), { timeoutMs: 15_000 });
    expect(await lines()).toEqual(['first', 'live', 'one', 'two', 'three', 'after']);
    expect(await state()).toBe('online');
  },
);
