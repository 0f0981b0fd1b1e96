import { beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { openRawWebSocket } from '../../shared/testing/raw-web-socket.ts';
import { until } from '../../shared/testing/until.ts';
import { call, listen, registerOwner, run, type TestUser } from '../e2e/client.ts';

const ca = readFileSync(run.ca, 'utf8');
const HANDSHAKES = 200;
const BODY_LENGTH = 30_000;

let person: TestUser;
beforeAll(async () => {
  person = await registerOwner();
});

const poll = (sid = '', init: RequestInit = {}) =>
  fetch(`${run.url}/socket.io/?EIO=4&transport=polling${sid && `&sid=${sid}`}`, {
    ...init,
    tls: { ca },
    decompress: false,
  });

/** Opens an authenticated long-polling session. */
async function openPolling(): Promise<string> {
  const { sid } = JSON.parse((await (await poll()).text()).slice(1)) as { sid: string };
  await poll(sid, { method: 'POST', body: `40${JSON.stringify({ token: person.token })}` });
  expect(await (await poll(sid)).text()).toStartWith('40{"sid"');
  return sid;
}

/** A Socket.IO session whose received bytes can be counted. */
async function openWebSocket(extensions: string) {
  const socket = openRawWebSocket(run.url, { ca, extensions });
  const waitFor = (text: string) => until(() => socket.received().includes(text));
  await waitFor('"sid"');
  const sid = /"sid":"([^"]+)"/.exec(socket.received())?.[1] ?? '';
  return { ...socket, sid, waitFor };
}

const replicaOf = (sid: string) => sid.split('.')[0];

describe('balancing of new sessions', () => {
  async function expectBalanced(open: () => Promise<string>) {
    const counts = new Map<string | undefined, number>();
    for (let i = 0; i < HANDSHAKES; i++) {
      const replica = replicaOf(await open());
      counts.set(replica, (counts.get(replica) ?? 0) + 1);
    }
    expect([...counts.keys()].sort()).toEqual(['1', '2']);
    for (const count of counts.values()) {
      expect(count).toBeGreaterThanOrEqual(90);
      expect(count).toBeLessThanOrEqual(110);
    }
  }

  test('200 WebSocket sessions of one address: balanced within 10 %', async () => {
    await expectBalanced(async () => {
      const listener = await listen(person.token, { transports: ['websocket'] });
      const sid = listener.socket.io.engine.id ?? '';
      listener.close();
      return sid;
    });
  });

  test('200 polling sessions of one address: balanced within 10 % and sticky', async () => {
    await expectBalanced(async () => {
      const sid = await openPolling();
      await poll(sid, { method: 'POST', body: '1' });
      return sid;
    });
  });
});

test('a polling session is upgraded to WebSocket on the same replica', async () => {
  for (const replica of ['1', '2']) {
    const listener = await listen(person.token, { replica, transports: ['polling', 'websocket'] });
    const { engine } = listener.socket.io;
    const sid = engine.id;
    await until(() => engine.transport.name, { equals: 'websocket' });
    expect((await listener.subscribe(`private-user-${person.id}`)).ok).toBe(true);
    expect(listener.socket.io.engine.id).toBe(sid);
    expect(replicaOf(sid ?? '')).toBe(replica);
    listener.close();
  }
});

describe('compression', () => {
  const channel = () => `private-organization-${person.organizationId}`;
  const longText = 'What a customer writes. '.repeat(BODY_LENGTH / 24);
  const createConversation = (subject: string, body: string) =>
    call('POST', '/v1/conversations', { token: person.token, body: { subject, body } });

  test.each([
    ['permessage-deflate; client_max_window_bits', 0, BODY_LENGTH / 5],
    ['none', BODY_LENGTH, BODY_LENGTH * 2],
  ])(
    'WebSocket with extensions %s: a large event takes %d to %d bytes',
    async (extensions, minBytes, maxBytes) => {
      const client = await openWebSocket(extensions);
      client.send(`40${JSON.stringify({ token: person.token })}`);
      await client.waitFor('40{"sid"');
      client.send(`420${JSON.stringify(['subscribe', { channel: channel() }])}`);
      await client.waitFor('430[{"ok":true');
      const before = client.received().length;
      expect((await createConversation('Large', longText)).status).toBe(201);
      expect((await createConversation('The end', 'Small')).status).toBe(201);
      await client.waitFor('The end');
      const bytes = client.received().indexOf('The end') - before;
      expect(bytes).toBeGreaterThan(minBytes);
      expect(bytes).toBeLessThan(maxBytes);
      client.destroy();
    },
  );

  test.each([
    ['gzip', longText, 'gzip'],
    ['gzip', 'Small', null],
    ['identity', longText, null],
  ])(
    'polling with Accept-Encoding %s: large responses are compressed, small ones not',
    async (accepted, body, encoding) => {
      const sid = await openPolling();
      const subscribe = ['subscribe', { channel: channel() }];
      await poll(sid, { method: 'POST', body: `420${JSON.stringify(subscribe)}` });
      expect(await (await poll(sid)).text()).toStartWith('430[{"ok":true');
      expect((await createConversation('By polling', body)).status).toBe(201);
      for (let text = ''; !text.includes(`"body":"${body}"`); ) {
        const response = await poll(sid, { headers: { 'Accept-Encoding': accepted } });
        const bytes = Buffer.from(await response.arrayBuffer());
        const isGzip = response.headers.get('Content-Encoding') === 'gzip';
        text = (isGzip ? Buffer.from(Bun.gunzipSync(bytes)) : bytes).toString();
        if (!text.includes(`"body":"${body}"`)) continue;
        expect(response.headers.get('Content-Encoding')).toBe(encoding);
        if (encoding) expect(bytes.length).toBeLessThan(BODY_LENGTH / 5);
      }
    },
  );
});
