import { expect, test } from 'bun:test';
import { until } from '@insightdesk/shared/testing';
import { connectStuckClient } from '../testing/stuck-client.ts';
import { createTestReplicas, newChannel, newEntries } from '../testing/test-replica.ts';

const { startReplica, newUser, channelLog } = createTestReplicas();

const PAYLOAD_BYTES = 40_000;
const words = (bytes: number) => 'What a customer writes. '.repeat(bytes / 24 + 1).slice(0, bytes);
const withText = (channel: string, text: string) =>
  newEntries(channel, 1).map((entry) => ({ ...entry, data: { text } }));

test.each([
  ['permessage-deflate; client_max_window_bits', 0, PAYLOAD_BYTES / 10],
  ['none', PAYLOAD_BYTES, PAYLOAD_BYTES + 1_000],
])(
  'websocket, extensions %s: a large event takes %d to %d bytes, a small one is not compressed',
  async (extensions, minBytes, maxBytes) => {
    const { url } = await startReplica();
    const { token } = await newUser();
    const channel = newChannel();
    const client = await connectStuckClient(url, token, channel, { extensions });
    const log = channelLog();
    const before = client.received().length;
    await log.append(withText(channel, words(PAYLOAD_BYTES)));
    await log.append(withText(channel, `The end. ${words(2_000)}`));
    await until(() => client.received().includes('The end. What'));
    const bytesSent = client.received().indexOf('The end.') - before;
    expect(bytesSent).toBeGreaterThan(minBytes);
    expect(bytesSent).toBeLessThan(maxBytes);
    client.destroy();
  },
);

test.each([
  ['gzip', PAYLOAD_BYTES, 'gzip', PAYLOAD_BYTES / 10],
  ['gzip', 2_000, null, 3_000],
  ['identity', PAYLOAD_BYTES, null, PAYLOAD_BYTES + 1_000],
])(
  'polling, client accepts %s: %d bytes are sent as %p',
  async (accepted, bytes, encoding, maxBytes) => {
    const { url } = await startReplica();
    const { token } = await newUser();
    const channel = newChannel();
    const poll = (sid = '', init: RequestInit = {}) =>
      fetch(`${url}/socket.io/?EIO=4&transport=polling${sid && `&sid=${sid}`}`, {
        ...init,
        headers: { 'Accept-Encoding': accepted },
        decompress: false,
      });
    const { sid } = JSON.parse((await (await poll()).text()).slice(1)) as { sid: string };
    await poll(sid, { method: 'POST', body: `40${JSON.stringify({ token })}` });
    expect(await (await poll(sid)).text()).toStartWith('40{"sid"');
    await poll(sid, { method: 'POST', body: `420${JSON.stringify(['subscribe', { channel }])}` });
    expect(await (await poll(sid)).text()).toStartWith('430[{"ok":true');
    await channelLog().append(withText(channel, words(bytes)));
    const answer = await poll(sid);
    expect(answer.headers.get('Content-Encoding')).toBe(encoding);
    const body = Buffer.from(await answer.arrayBuffer());
    expect(body.length).toBeLessThan(maxBytes);
    const text = encoding ? Bun.gunzipSync(body) : body;
    expect(Buffer.from(text).toString()).toContain(words(bytes));
  },
);
