import { beforeAll, describe, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { connect } from 'node:tls';
import { call, listen, type Person, registerOwner, run, until } from '../e2e/client.ts';

const ca = readFileSync(run.ca, 'utf8');
const HANDSHAKES = 200;
const BODY_LENGTH = 30_000;

let person: Person;
beforeAll(async () => {
  person = await registerOwner();
});

const poll = (sid = '', init: RequestInit = {}) =>
  fetch(`${run.url}/socket.io/?EIO=4&transport=polling${sid && `&sid=${sid}`}`, {
    ...init,
    tls: { ca },
    decompress: false,
  });

/** A session by long-polling, authenticated and in its user's channel. */
async function openPolling(): Promise<string> {
  const { sid } = JSON.parse((await (await poll()).text()).slice(1)) as { sid: string };
  await poll(sid, { method: 'POST', body: `40${JSON.stringify({ token: person.token })}` });
  expect(await (await poll(sid)).text()).toStartWith('40{"sid"');
  return sid;
}

/** Just enough of Socket.IO by WebSocket over TLS to see the bytes on the wire. */
async function openWebSocket(extensions: string) {
  const { hostname: servername, port } = new URL(run.url);
  const socket = connect({ host: '127.0.0.1', port: Number(port), ca, servername });
  let received = '';
  socket.on('data', (bytes: Buffer) => {
    received += bytes.toString('latin1');
  });
  const heard = (text: string) => until(() => received.includes(text));
  socket.write(
    [
      'GET /socket.io/?EIO=4&transport=websocket HTTP/1.1',
      `Host: ${servername}:${port}`,
      'Connection: Upgrade',
      'Upgrade: websocket',
      'Sec-WebSocket-Version: 13',
      'Sec-WebSocket-Key: dGhlIHNhbXBsZSBub25jZQ==',
      `Sec-WebSocket-Extensions: ${extensions}`,
      '\r\n',
    ].join('\r\n'),
  );
  await heard('"sid"');
  const sid = /"sid":"([^"]+)"/.exec(received)?.[1] ?? '';
  const send = (text: string) => socket.write(maskedFrame(text));
  const close = () => socket.destroy();
  return { sid, send, heard, close, received: () => received };
}

function maskedFrame(text: string): Buffer {
  const body = Buffer.from(text);
  const head = Buffer.alloc(8);
  head.writeUInt8(0x81, 0);
  head.writeUInt8(0x80 | 126, 1);
  head.writeUInt16BE(body.length, 2);
  return Buffer.concat([head, body]);
}

const replicaOf = (sid: string) => sid.split('.')[0];

describe('200 handshakes from one address', () => {
  async function spread(open: () => Promise<string>) {
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

  test('websocket only: spread within 10 %', async () => {
    await spread(async () => {
      const listener = await listen(person.token, { transports: ['websocket'] });
      const sid = listener.socket.io.engine.id ?? '';
      listener.close();
      return sid;
    });
  });

  test('polling: spread within 10 %, and each stays where it is', async () => {
    await spread(async () => {
      const sid = await openPolling();
      await poll(sid, { method: 'POST', body: '1' });
      return sid;
    });
  });
});

test('a session that begins by polling is upgraded, at the same replica', async () => {
  for (const replica of ['1', '2']) {
    const listener = await listen(person.token, { replica, transports: ['polling', 'websocket'] });
    const { engine } = listener.socket.io;
    const sid = engine.id;
    await until(() => engine.transport.name === 'websocket');
    expect((await listener.subscribe(`private-user-${person.id}`)).ok).toBe(true);
    expect(listener.socket.io.engine.id).toBe(sid);
    expect(replicaOf(sid ?? '')).toBe(replica);
    listener.close();
  }
});

describe('compression', () => {
  const channel = () => `private-organization-${person.organizationId}`;
  const words = 'What a customer writes. '.repeat(BODY_LENGTH / 24);
  const converse = (subject: string, body: string) =>
    call('POST', '/v1/conversations', { token: person.token, body: { subject, body } });

  test.each([
    ['permessage-deflate; client_max_window_bits', 0, BODY_LENGTH / 5],
    ['none', BODY_LENGTH, BODY_LENGTH * 2],
  ])('websocket, %s: a large event takes %d to %d bytes', async (extensions, least, most) => {
    const client = await openWebSocket(extensions);
    client.send(`40${JSON.stringify({ token: person.token })}`);
    await client.heard('40{"sid"');
    client.send(`420${JSON.stringify(['subscribe', { channel: channel() }])}`);
    await client.heard('430[{"ok":true');
    const before = client.received().length;
    expect((await converse('Large', words)).status).toBe(201);
    expect((await converse('The end', 'Small')).status).toBe(201);
    await client.heard('The end');
    const bytes = client.received().indexOf('The end') - before;
    expect(bytes).toBeGreaterThan(least);
    expect(bytes).toBeLessThan(most);
    client.close();
  });

  test.each([
    ['gzip', words, 'gzip'],
    ['gzip', 'Small', null],
    ['identity', words, null],
  ])('polling, client accepts %s', async (accepted, body, encoding) => {
    const sid = await openPolling();
    const subscribe = ['subscribe', { channel: channel() }];
    await poll(sid, { method: 'POST', body: `420${JSON.stringify(subscribe)}` });
    expect(await (await poll(sid)).text()).toStartWith('430[{"ok":true');
    expect((await converse('By polling', body)).status).toBe(201);
    for (let text = ''; !text.includes(`"body":"${body}"`); ) {
      const answer = await poll(sid, { headers: { 'Accept-Encoding': accepted } });
      const bytes = Buffer.from(await answer.arrayBuffer());
      const isGzip = answer.headers.get('Content-Encoding') === 'gzip';
      text = (isGzip ? Buffer.from(Bun.gunzipSync(bytes)) : bytes).toString();
      if (!text.includes(`"body":"${body}"`)) continue;
      expect(answer.headers.get('Content-Encoding')).toBe(encoding);
      if (encoding) expect(bytes.length).toBeLessThan(BODY_LENGTH / 5);
    }
  });
});
