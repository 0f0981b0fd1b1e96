import { afterAll, expect, setDefaultTimeout, test } from 'bun:test';
import { until } from '../../../shared/testing/until.ts';
import { call, createOrganization, listen, registerOwner, upload } from '../client.ts';
import { openStudio } from './make.ts';

setDefaultTimeout(180_000);
const studio = await openStudio();
afterAll(studio.close);
const { owner, agent, customer } = await createOrganization();
const phone = await studio.phoneVideo();

type Variant = { name: string; url: string; contentType: string; width?: number; height?: number };

const read = (id: string, token: string) =>
  call('GET', `/v1/attachments/${id}/recording`, { token });
const ended = (id: string, token: string) =>
  until(
    async () => {
      const { body } = await read(id, token);
      return ['ready', 'failed', 'cancelled'].includes(body.status) && body;
    },
    { timeoutMs: 120_000 },
  );

async function send(bytes: Uint8Array<ArrayBuffer>, name: string) {
  const answer = await upload(customer.token, new Blob([bytes]), name);
  expect(answer.status).toBe(201);
  return answer.body as unknown as { id: string };
}

test('a video in a conversation reports progress, and its renditions can be fetched', async () => {
  const { id } = await send(phone, 'video.mp4');
  const opened = await call('POST', '/v1/conversations', {
    token: customer.token,
    body: { subject: 'Film', body: 'See', attachmentIds: [id] },
  });
  const channel = `private-conversation-${opened.body.id}`;
  const listener = await listen(customer.token);
  const signals: { type: string; data: { percent: number } }[] = [];
  listener.socket.on('signal', (signal) => signals.push(signal));
  const { events } = await listener.subscribe(channel);
  expect(await ended(id, customer.token)).toMatchObject({
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
  // A player follows the addresses that the playlists name.
  const master = variants[4] as Variant;
  const list = new URL(uriIn((await fetchVariant(master.url)).body), master.url).href;
  const segments = new URL(uriIn((await fetchVariant(list)).body), list).href;
  expect(segments).toBe((variants[2] as Variant).url);
  await playByLink(id);
  const otherTenant = await registerOwner();
  for (const token of [otherTenant.token]) expect((await read(id, token)).status).toBe(404);
  expect((await read(id, agent.token)).status).toBe(200);
});

/** As somebody whom nobody knows, in a player that has one address. */
async function playByLink(id: string) {
  const { body } = await call('POST', `/v1/attachments/${id}/links`, {
    token: agent.token,
    body: { variant: 'hls', expiresInSeconds: 60 },
  });
  const played = await studio.probe(await studio.make('played.mp4', '-i', body.url, '-c', 'copy'));
  const codecs = (played.streams as { codec_name: string }[]).map((one) => one.codec_name);
  expect(codecs.toSorted()).toEqual(['aac', 'h264']);
  expect(Number(played.format.duration)).toBeCloseTo(3, 0);
}

const fetchVariant = (url: string, headers = {}) =>
  call<string>('GET', url, { token: customer.token, headers });
const uriIn = (playlist: string) => playlist.split('\n').findLast((line) => /^\w/.test(line)) ?? '';

test('audio gets a waveform and a normalized rendition', async () => {
  const { id } = await send(await studio.audio(), 'voice.mp3');
  const { audio, status } = await ended(id, customer.token);
  expect([status, audio.codec]).toEqual(['ready', 'mp3']);
  expect(audio.loudness).toBeLessThan(-30);
  const { body } = await call('GET', `/v1/attachments/${id}`, { token: customer.token });
  expect((body.variants as Variant[]).map(({ name }) => name)).toEqual(['waveform', 'audio']);
  const peaks = await fetchVariant((body.variants as Variant[])[0]?.url ?? '');
  expect((peaks.body as unknown as { peaks: number[] }).peaks).toHaveLength(400);
});

test('an unreadable video fails with a reason, stays unchanged and can be retried', async () => {
  const { id } = await send(phone.slice(0, 4_000), 'cut.mp4');
  expect(await ended(id, customer.token)).toMatchObject({
    status: 'failed',
    reason: 'RECORDING_CORRUPT',
  });
  const { body } = await call('GET', `/v1/attachments/${id}`, { token: customer.token });
  expect(body).toMatchObject({ status: 'ready', variants: [] });
  const path = `/v1/attachments/${id}/recording`;
  const retry = (token: string) => call('POST', `${path}/retry`, { token, body: {} });
  const [one, two] = await Promise.all([retry(customer.token), retry(owner.token)]);
  expect([one.status, two.status].toSorted()).toEqual([200, 409]);
  expect(await ended(id, customer.token)).toMatchObject({ status: 'failed' });
  const cancelled = await call('POST', `${path}/cancel`, { token: customer.token, body: {} });
  expect([cancelled.status, cancelled.body.code]).toEqual([409, 'RECORDING_ENDED']);
});

test('a file that is not video or audio has no recording', async () => {
  const { id } = await send(new TextEncoder().encode('text'), 'a.mp4');
  expect((await read(id, customer.token)).body).toMatchObject({ status: 'none' });
  const path = `/v1/attachments/${id}/recording/cancel`;
  expect((await call('POST', path, { token: customer.token, body: {} })).status).toBe(404);
});
