import { afterEach, expect, test } from 'bun:test';
import { createLogger, createWebhookTransport, type LogTransport } from './index.ts';

let stop: (() => unknown) | undefined;
afterEach(() => stop?.());

function receive(answer: (n: number) => Response | Promise<Response>) {
  const texts: string[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      texts.push(((await request.json()) as { text: string }).text);
      return answer(texts.length);
    },
  });
  stop = () => server.stop(true);
  return { texts, url: `http://127.0.0.1:${server.port}/hook` };
}

function build(url: string, { timeoutMs = 1000 } = {}) {
  const lost: number[] = [];
  const lines: string[] = [];
  const webhook = createWebhookTransport({
    url,
    level: 'error',
    waitMs: 5,
    timeoutMs,
    onLost(count) {
      lost.push(count);
      log.error({ count }, 'lines lost');
    },
  });
  const log = withTransport(webhook, lines);
  return { log, lost, lines, close: (ms: number) => webhook.close?.(ms) };
}

const withTransport = (transport: LogTransport, lines: string[]) =>
  createLogger(
    { level: 'info', format: 'json' },
    { service: 'api', replica: 'api-1' },
    { write: (line) => void lines.push(line) },
    [transport],
  );

test('webhook transport: lines of its level are posted together and redacted', async () => {
  const { texts, url } = receive(() => new Response('ok'));
  const { log, lines, close } = build(url);
  log.info('started');
  log.error({ password: 'hunter2' }, 'first');
  log.child({ job: 'j1' }).error('second, Bearer hunter2hunter2');
  await close(5000);
  expect(texts).toHaveLength(1);
  expect(texts[0]?.split('\n')).toEqual([
    expect.stringMatching(/^\*ERROR\* api-1: first/),
    '*ERROR* api-1: second, Bearer [redacted] {"job":"j1"}',
  ]);
  expect(texts[0]).not.toContain('hunter2');
  expect(lines).toHaveLength(3);
});

test('webhook transport: a 429 is retried', async () => {
  const { texts, url } = receive((n) => new Response('', { status: n === 1 ? 429 : 200 }));
  const { log, lost, close } = build(url);
  log.error('once');
  await close(10_000);
  expect(texts).toHaveLength(2);
  expect(lost).toEqual([]);
}, 15_000);

test.each([
  ['responds with 404', () => new Response('', { status: 404 })],
  ['never responds', () => new Promise<Response>(() => {})],
])(
  'webhook transport: a receiver that %s loses lines without delay, reported once per second',
  async (_, answer) => {
    const { url } = receive(answer);
    const { log, lost, lines, close } = build(url);
    for (let i = 0; i < 5000; i++) log.error({ i }, 'again and again');
    expect(lines.length).toBeGreaterThanOrEqual(5000);
    await close(50);
    expect(lost.reduce((sum, count) => sum + count, 0)).toBe(5000);
    expect(lines.filter((line) => line.includes('lines lost'))).toHaveLength(lost.length);
    // Once per second, in the time that this test may take.
    expect(lost.length).toBeLessThan(20);
  },
  15_000,
);

test('createLogger: an error of a transport is ignored', () => {
  const lines: string[] = [];
  const broken: LogTransport = {
    level: 'info',
    write() {
      throw new Error('broken');
    },
  };
  withTransport(broken, lines).info('all the same');
  expect(lines).toHaveLength(1);
});
