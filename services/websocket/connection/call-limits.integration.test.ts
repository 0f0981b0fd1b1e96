import { expect, test } from 'bun:test';
import { socketLimits } from '@insightdesk/shared/contract';
import { until } from '@insightdesk/shared/testing';
import { call, createTestReplicas, newChannel, newEntries } from '../testing/test-replica.ts';

const { startReplica, connect, newUser, channelLog } = createTestReplicas();

const once = (burst: number) => ({ perSecond: 0.001, burst });
const limits = { ...socketLimits, calls: once(20), userCalls: once(1_000), refusals: once(10) };

/** Emits calls as fast as it can, without waiting for their acknowledgements. */
function flood({ socket }: Awaited<ReturnType<typeof connect>>, count: number) {
  const seen = { ok: 0, refused: 0, codes: [] as string[] };
  socket.on('closing', ({ code }) => seen.codes.push(code));
  for (let n = 0; n < count; n++) {
    socket.emit('unsubscribe', { channel: 'private-user-x' }, ({ ok }: { ok: boolean }) => {
      if (ok) seen.ok++;
      else seen.refused++;
    });
  }
  return seen;
}

test('calls above the rate: only the first is answered, the socket is closed, the user rejected for a while', async () => {
  const { server, url } = await startReplica('websocket-1', {
    callLimits: { ...limits, blockMs: 1_000 },
  });
  const user = await newUser();
  const client = await connect(url, user.token);
  const seen = flood(client, 2_000);
  await until(() => client.socket.connected, { equals: false });
  expect(seen).toEqual({ ok: 20, refused: 1, codes: ['TOO_MANY_REQUESTS'] });
  const rejection = await connect(url, user.token).catch((error) => error.data);
  expect(rejection).toMatchObject({ status: 429, code: 'TOO_MANY_REQUESTS' });
  const other = await connect(url, (await newUser()).token);
  expect(await call(other.socket, 'unsubscribe', { channel: 'x' })).toEqual({ ok: true });
  await until(() =>
    connect(url, user.token).then(
      () => true,
      () => false,
    ),
  );
  expect(server.stats().sockets).toBe(2);
});

test('calls above the rate: some more than allowed do not close the socket', async () => {
  const { url } = await startReplica('websocket-1', { callLimits: limits });
  const client = await connect(url, (await newUser()).token);
  const seen = flood(client, 25);
  await until(() => seen.refused, { equals: 1 });
  await Bun.sleep(50);
  expect([client.socket.connected, seen.ok, seen.codes]).toEqual([true, 20, []]);
});

test('calls of a user: all sockets count together, those of another user do not', async () => {
  const { url } = await startReplica('websocket-1', {
    callLimits: { ...limits, userCalls: once(50), refusals: once(1_000) },
  });
  const { token } = await newUser();
  const clients = await Promise.all(Array.from({ length: 5 }, () => connect(url, token)));
  const other = flood(await connect(url, (await newUser()).token), 20);
  const seen = clients.map((client) => flood(client, 100));
  await until(() => seen.every(({ refused }) => refused > 0));
  await until(() => other.ok, { equals: 20 });
  expect(seen.reduce((sum, { ok }) => sum + ok, 0)).toBe(50);
});

test('history: a user who has read too much of it waits, also with another socket, others do not', async () => {
  const { url } = await startReplica('websocket-1', {
    callLimits: { ...limits, history: { perSecond: 500, burst: 1_000 } },
  });
  const [{ token }, other] = [await newUser(), await newUser()];
  const channel = newChannel();
  const [one, two] = [await connect(url, token), await connect(url, token)];
  const { epoch } = await call(one.socket, 'subscribe', { channel });
  await channelLog().append(newEntries(channel, 20));
  const resume = ({ socket }: typeof one, offset = 0) =>
    call(socket, 'subscribe', { channel, epoch, offset });
  const first = await resume(one);
  expect([first.ok, first.recovered, first.events.length]).toEqual([true, true, 20]);
  expect(first.bytes).toBeUndefined();
  const refusal = { ok: false, error: { status: 429, code: 'TOO_MANY_REQUESTS' } };
  expect(await resume(one)).toMatchObject(refusal);
  expect(await resume(two)).toMatchObject(refusal);
  // Without a position nothing is read.
  expect(await call(two.socket, 'subscribe', { channel })).toMatchObject({ ok: true });
  expect(await resume(await connect(url, other.token))).toMatchObject({ ok: true });
});
