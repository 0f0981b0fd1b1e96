import { expect, test } from 'bun:test';
import { PassThrough } from 'node:stream';
import { DrizzleQueryError } from 'drizzle-orm/errors';
import { createLogger, currentContext, withContext } from './index.ts';

function capture(level: 'debug' | 'info' | 'warn' = 'info') {
  const lines: Record<string, unknown>[] = [];
  const write = (line: string) => void lines.push(JSON.parse(line));
  const log = createLogger(
    { level, format: 'json' },
    { service: 'api', replica: 'api-1' },
    { write },
  );
  return { log, lines };
}

test('createLogger: lines have service, level name, ISO time and the current context', async () => {
  const { log, lines } = capture();
  await withContext({ requestId: 'r1' }, async () => {
    await Bun.sleep(1);
    withContext({ job: 'j1' }, () => log.info('inside'));
  });
  log.info('outside');
  expect(lines[0]).toMatchObject({
    level: 'info',
    service: 'api',
    replica: 'api-1',
    requestId: 'r1',
    job: 'j1',
    msg: 'inside',
  });
  expect(lines[0]?.time).toMatch(/^\d{4}-\d\d-\d\dT.*Z$/);
  expect(lines[1]).not.toHaveProperty('requestId');
  expect(currentContext()).toEqual({});
});

test('createLogger: errors are logged with causes and without the parameters of a query', () => {
  const { log, lines } = capture();
  const cause = new Error('connection reset');
  const query = new DrizzleQueryError('select $1', ['hunter2'], cause);
  log.error(query);
  log.error({ err: query });
  log
    .child({ err: query })
    .error({ deep: { inner: query } }, 'failed for %o', { token: 'hunter2' });
  expect(lines[0]).toMatchObject({
    msg: 'Failed query: select $1',
    err: { name: 'Error', cause: { message: 'connection reset' } },
  });
  expect(lines[1]?.msg).toBe('Failed query: select $1');
  expect(JSON.stringify(lines)).not.toContain('hunter2');
});

test.each([[{ inside: 'hunter2' }], [undefined], [null], [7]])(
  'createLogger: the thrown value %p is logged by type only',
  (thrown) => {
    const { log, lines } = capture();
    log.error({ err: thrown }, 'failed');
    expect(lines[0]).toMatchObject({ msg: 'failed', err: { name: 'NonError' } });
    expect(JSON.stringify(lines)).not.toContain('hunter2');
  },
);

test.each([
  ['Bearer hunter2hunter2', 'Bearer [redacted]'],
  ['postgres://app:hunter2@h:5432/d', 'postgres://app:[redacted]@h:5432/d'],
  ['redis://:hunter2@h', 'redis://:[redacted]@h'],
  ['https://desk/accept?token=hunter2&x=1', 'https://desk/accept?token=[redacted]&x=1'],
  ['for eyJhbGciOiJI.eyJzdWIi.hunter2 only', 'for [token] only'],
  ['Key (email)=(hunter2@example.com) exists', 'Key (email)=(h***@example.com) exists'],
  ['at node_modules/hono@4.13.19/index.js:1', 'at node_modules/hono@4.13.19/index.js:1'],
])('scrub: the text %p is written as %p', (text, written) => {
  const { log, lines } = capture();
  log.info({ note: [text] }, text);
  expect(lines[0]).toMatchObject({ msg: written, note: [written] });
});

test('createLogger: numbers under secret names stay, circular references and bytes are accepted', () => {
  const { log, lines } = capture();
  const circle: Record<string, unknown> = { tokens: 812, hasPassword: true, at: new Date(0) };
  circle.self = circle;
  log.info({ circle, bytes: new Uint8Array(7), url: new URL('https://a/b') }, 'x');
  log.info('plain');
  expect(lines[0]).toMatchObject({
    circle: { tokens: 812, hasPassword: true, at: '1970-01-01T00:00:00.000Z' },
    bytes: '[7 bytes]',
    url: 'https://a/b',
  });
  expect(lines[1]?.msg).toBe('plain');
});

test('log.time: logs the elapsed milliseconds', async () => {
  const { log, lines } = capture('debug');
  const done = log.child({ job: 'j1' }).time('crawl');
  await Bun.sleep(5);
  done({ pages: 3 });
  expect(lines[0]).toMatchObject({ level: 'debug', msg: 'crawl', job: 'j1', pages: 3 });
  expect(lines[0]?.ms).toBeGreaterThanOrEqual(4);
});

test('createLogger: pretty lines are redacted', () => {
  const written: string[] = [];
  const stream = new PassThrough().setEncoding('utf8').on('data', (line) => written.push(line));
  const base = { service: 'api', replica: 'api-1' };
  createLogger({ level: 'info', format: 'pretty' }, base, stream).info({ token: 'hunter2' }, 'hi');
  expect(written.join('')).toContain('hi');
  expect(written.join('')).not.toContain('hunter2');
});

test('createLogger: the last line before an exit is written', async () => {
  const script = `
    const { createLogger } = await import('@insightdesk/shared/logging');
    const log = createLogger({ level: 'info', format: 'json' }, { service: 's', replica: 's-1' });
    for (let i = 0; i < 500; i++) log.info({ i }, 'line');
    process.exit(0);`;
  const child = Bun.spawn([process.execPath, '-e', script], {
    cwd: import.meta.dir,
    stdout: 'pipe',
  });
  const lines = (await new Response(child.stdout).text()).trim().split('\n');
  expect(lines).toHaveLength(500);
  expect(lines.at(-1)).toContain('"i":499');
});

test('createLogger: lines below the level are dropped', () => {
  const { log, lines } = capture('warn');
  log.info('quiet');
  log.warn('loud');
  expect(lines).toHaveLength(1);
});
