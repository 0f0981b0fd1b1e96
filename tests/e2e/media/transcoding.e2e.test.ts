import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { until } from '../../../shared/testing/until.ts';
import { call, createOrganization, listen, upload } from '../client.ts';
import { createMediaFixtures } from './media-fixtures.ts';

setDefaultTimeout(180_000);
const fixtures = await createMediaFixtures();
afterAll(fixtures.close);
const { agent, customer } = await createOrganization();
const phone = await fixtures.phoneVideo();

type Variant = { name: string; url: string; contentType: string; width?: number; height?: number };

test('a video in a conversation reports progress, and its renditions can be fetched', async () => {
  const uploaded = await upload(customer.token, new Blob([phone]), 'video.mp4');
  const id: string = uploaded.body.id;
  const opened = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: { subject: 'Video', body: 'See', attachmentIds: [id] },
  });
  const channel = `private-conversation-${opened.body.id}`;
  const listener = await listen(customer.token);
  const signals: { type: string; data: { percent: number } }[] = [];
  listener.socket.on('signal', (signal) => signals.push(signal));
  const { events } = await listener.subscribe(channel);
  const isEnded = async () => {
    const { body } = await call('GET', `/v1/attachments/${id}/recording`, { token: agent.token });
    return ['ready', 'failed', 'cancelled'].includes(body.status) && body;
  };
  expect(await until(isEnded, { timeoutMs: 120_000 })).toMatchObject({
    status: 'ready',
    durationMs: 3000,
    video: { codec: 'h264', width: 480, height: 640 },
    audio: { codec: 'aac', loudness: null },
  });
  const reported = await until(() =>
    [...events, ...listener.events].find(({ type }) => type === 'recording.prepared'),
  );
  listener.close();
  expect(reported.data).toMatchObject({ attachmentId: id, attachment: { id, status: 'ready' } });
  const variants = reported.data.attachment.variants as Variant[];
  expect(variants.map(({ name, width, height }) => [name, width, height])).toEqual([
    ['poster', 480, 640],
    ['video', 360, 480],
    ['hls-360p', 360, 480],
    ['hls-360p-list', undefined, undefined],
    ['hls', undefined, undefined],
  ]);
  for (const { data, type } of signals) {
    expect(type).toBe('recording.progress');
    expect(data).toMatchObject({ attachmentId: id, percent: expect.any(Number) });
  }
  const video = variants[1] as Variant;
  const part = await fetchVariant(video.url, { Range: 'bytes=4-7' });
  expect([part.status, part.headers.get('content-type')]).toEqual([206, 'video/mp4']);
  expect(part.headers.get('content-disposition')).toContain('video.mp4.video.mp4');
  // A player loads the URLs in the playlists.
  const master = variants[4] as Variant;
  const list = new URL(uriIn((await fetchVariant(master.url)).body), master.url).href;
  const segments = new URL(uriIn((await fetchVariant(list)).body), list).href;
  expect(segments).toBe((variants[2] as Variant).url);
  await playByLink(id);
});

/** Plays a link without credentials. */
async function playByLink(id: string) {
  const { body } = await call('POST', `/v1/attachments/${id}/links`, {
    token: agent.token,
    body: { variant: 'hls', expiresInSeconds: 60 },
  });
  const played = await fixtures.probe(
    await fixtures.createFile('played.mp4', '-i', body.url, '-c', 'copy'),
  );
  const codecs = (played.streams as { codec_name: string }[]).map((stream) => stream.codec_name);
  expect(codecs.toSorted()).toEqual(['aac', 'h264']);
  expect(Number(played.format.duration)).toBeCloseTo(3, 0);
}

const fetchVariant = (url: string, headers = {}) =>
  call<string>('GET', url, { token: customer.token, headers });
const uriIn = (playlist: string) => playlist.split('\n').findLast((line) => /^\w/.test(line)) ?? '';
