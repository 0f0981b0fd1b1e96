import { afterAll, expect, test } from 'bun:test';
import { createInterface } from 'node:readline';
import { Readable } from 'node:stream';
import { bySize } from '../../shared/testing/tier.ts';
import { until } from '../../shared/testing/until.ts';
import { requirePython } from '../../tools/test-servers/fetch-python.ts';
import {
  call,
  canKillServices,
  type DurableEvent,
  registerOwner,
  run,
  type Subscription,
} from './client.ts';
import { killService } from './kill-targets.ts';

const python = await requirePython(console.log).catch((error: Error) => {
  console.warn(`skipped: Python client test, because ${error.message}`);
  return undefined;
});

const running: Bun.Subprocess[] = [];
afterAll(() => {
  for (const child of running) child.kill('SIGKILL');
});

type Accepted = Omit<Subscription, 'events'> & { replica: string; events: number };

/** Starts the script. Its output is parsed into the arrays. */
function start(token: string, args: string[]) {
  const child = Bun.spawn([python?.path ?? '', `${import.meta.dir}/python-client.py`, ...args], {
    env: {
      ...process.env,
      ...python?.env,
      TOKEN: token,
      SSL_CERT_FILE: run.ca,
      REQUESTS_CA_BUNDLE: run.ca,
      WEBSOCKET_CLIENT_CA_BUNDLE: run.ca,
    },
    stdout: 'pipe',
    stderr: 'inherit',
  });
  running.push(child);
  const events = {
    subscribed: [] as Accepted[],
    event: [] as DurableEvent[],
    refused: [] as unknown[],
  };
  const lines = createInterface({ input: Readable.fromWeb(child.stdout as never) });
  lines.on('line', (line) => {
    const [kind, value] = Object.entries(JSON.parse(line))[0] as [keyof typeof events, never];
    events[kind].push(value);
  });
  const bodies = () =>
    events.event.filter(({ type }) => type === 'message.created').map(({ data }) => data.body);
  return { child, bodies, ...events };
}

test.skipIf(!python).each(bySize(['websocket'], ['websocket', 'polling']))(
  'a Python client resumes by %s after a disconnect and after a kill of its replica',
  async (transport) => {
    const { token } = await registerOwner();
    const opened = await call('POST', '/v1/conversations', {
      token,
      body: { subject: 'From Python', body: 'first' },
    });
    const channel = `private-conversation-${opened.body.id}`;
    const post = async (...bodies: string[]) => {
      for (const body of bodies) {
        const path = `/v1/conversations/${opened.body.id}/messages`;
        expect((await call('POST', path, { token, body: { body } })).status).toBe(201);
      }
    };

    const before = start(token, [run.url, transport, channel]);
    await until(() => before.subscribed[0], { timeoutMs: 30_000 });
    await post('live 1', 'live 2');
    await until(() => before.bodies().includes('live 2'), { timeoutMs: 20_000 });
    before.child.kill('SIGKILL');
    await before.child.exited;
    await post('missed 1', 'missed 2', 'missed 3');

    const last = before.event.at(-1) as DurableEvent;
    const position = [last.epoch, `${last.offset}`];
    const after = start(token, [run.url, transport, channel, ...position]);
    const [resumed] = await until(() => after.subscribed.length > 0 && after.subscribed, {
      timeoutMs: 30_000,
    });
    expect(resumed).toMatchObject({ ok: true, recovered: true, epoch: last.epoch });
    await post('live 3');
    const expected = ['missed 1', 'missed 2', 'missed 3', 'live 3'];
    await until(() => after.bodies().includes('live 3'), { timeoutMs: 20_000 });
    expect(after.bodies()).toEqual(expected);

    if (canKillServices) {
      const name = `websocket-${resumed?.replica}`;
      await killService((service) => service.name === name);
      await post('missed 4', 'missed 5');
      await until(() => after.subscribed.length, { atLeast: 2, timeoutMs: 60_000 });
      await post('live 4');
      expected.push('missed 4', 'missed 5', 'live 4');
      await until(() => after.bodies().includes('live 4'), { timeoutMs: 20_000 });
      expect(after.bodies()).toEqual(expected);
      expect(after.subscribed.map(({ recovered }) => recovered)).toEqual([true, true]);
    }
    const offsets = [...before.event, ...after.event].map(({ offset }) => offset);
    expect(offsets).toEqual(offsets.map((_, i) => (offsets[0] ?? 0) + i));
    after.child.kill('SIGKILL');
  },
  180_000,
);
