import { afterAll, describe, expect, test } from 'bun:test';
import { createSafeFetch, type SafeFetchOptions, UnsafeUrlError } from './safe-fetch.ts';

const asked: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const { pathname } = new URL(request.url);
    asked.push(`${request.method} ${request.headers.get('host')} ${await request.text()}`);
    if (pathname === '/redirect') return Response.redirect('/elsewhere', 302);
    if (pathname === '/endless') return endless();
    if (pathname === '/slow') await Bun.sleep(5_000);
    return new Response('hello', { status: 201, headers: { 'Retry-After': '7' } });
  },
});
afterAll(() => server.stop(true));

function endless() {
  const pull = (controller: ReadableStreamDefaultController) =>
    controller.enqueue(new Uint8Array(16_384).fill(120));
  return new Response(new ReadableStream({ pull }));
}

const url = (path: string, host = '127.0.0.1') => `http://${host}:${server.port}${path}`;
const open = (options: Partial<SafeFetchOptions> = {}) =>
  createSafeFetch({ allowPrivate: true, ...options });
const post = { method: 'POST', body: 'b' } as const;

test('sends and gives status, headers and body', async () => {
  const response = await open()(url('/'), { ...post, headers: { 'X-A': '1' } });
  expect(response).toMatchObject({ status: 201, body: 'hello' });
  expect(response.headers['retry-after']).toBe('7');
});

test('connects to the address that was checked, under the name of the URL', async () => {
  let times = 0;
  const resolve = async () => {
    times++;
    return ['127.0.0.1'];
  };
  const response = await open({ resolve })(url('/', 'rebinding.example'), post);
  expect(response.status).toBe(201);
  expect(times).toBe(1);
  expect(asked.at(-1)).toBe(`POST rebinding.example:${server.port} b`);
});

test('a redirect is an answer, not a way on', async () => {
  const before = asked.length;
  expect((await open()(url('/redirect'), post)).status).toBe(302);
  expect(asked.length).toBe(before + 1);
});

test('reads no more than it may', async () => {
  const { body } = await open({ maxBytes: 20_000 })(url('/endless'), post);
  expect(body).toHaveLength(20_000);
});

test('waits no longer than it may, for the answer and for the name', async () => {
  const slow = open({ timeoutMs: 100 })(url('/slow'), post);
  await expect(slow).rejects.toThrow('No answer within 100 ms');
  const resolve = () => new Promise<never>(() => {});
  const nameless = open({ timeoutMs: 100, resolve })(url('/', 'slow.example'), post);
  await expect(nameless).rejects.toThrow('No answer within 100 ms');
});

describe('in production', () => {
  const guarded = (addresses: string[] = ['93.184.216.34']) =>
    createSafeFetch({ allowPrivate: false, resolve: async () => addresses });

  test.each([
    'http://example.com/',
    'ftp://example.com/',
    'file:///etc/passwd',
    'nonsense',
    'https://user:secret@example.com/',
    'https://localhost/',
    'https://a.localhost./',
    'https://metadata.google.internal/',
    'https://127.0.0.1/',
    'https://127.1/',
    'https://2130706433/',
    'https://0x7f000001/',
    'https://0177.0.0.1/',
    'https://169.254.169.254/latest/meta-data/',
    'https://[::1]/',
    'https://[::ffff:127.0.0.1]/',
    'https://[fd00:ec2::254]/',
  ])('%s is refused, on sight', async (address) => {
    expect(() => guarded().check(address)).toThrow(UnsafeUrlError);
    await expect(guarded()(address, post)).rejects.toThrow(UnsafeUrlError);
  });

  test.each([
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['::ffff:127.0.0.1']],
    [['93.184.216.34', '127.0.0.1']],
  ])('a name that leads to %j is refused', async (addresses) => {
    const before = asked.length;
    const { port } = server;
    await expect(guarded(addresses)(`https://example.com:${port}/`, post)).rejects.toThrow(
      UnsafeUrlError,
    );
    expect(asked.length).toBe(before);
  });

  test('a public name is not', () => {
    expect(() => guarded().check('https://example.com/hooks')).not.toThrow();
  });
});
