import { afterAll, describe, expect, test } from 'bun:test';
import { createSafeFetch, type SafeFetchOptions, UnsafeUrlError } from './safe-fetch.ts';

const requests: string[] = [];
const server = Bun.serve({
  port: 0,
  hostname: '127.0.0.1',
  async fetch(request) {
    const { pathname } = new URL(request.url);
    requests.push(`${request.method} ${request.headers.get('host')} ${await request.text()}`);
    if (pathname === '/redirect') return Response.redirect('/elsewhere', 302);
    if (pathname === '/unlimited') return unlimited();
    if (pathname === '/slow') await Bun.sleep(5_000);
    return new Response('hello', { status: 201, headers: { 'Retry-After': '7' } });
  },
});
afterAll(() => server.stop(true));

function unlimited() {
  const pull = (controller: ReadableStreamDefaultController) =>
    controller.enqueue(new Uint8Array(16_384).fill(120));
  return new Response(new ReadableStream({ pull }));
}

const url = (path: string, host = '127.0.0.1') => `http://${host}:${server.port}${path}`;
const createFetch = (options: Partial<SafeFetchOptions> = {}) =>
  createSafeFetch({ allowPrivate: true, ...options });
const post = { method: 'POST', body: 'b' } as const;

test('safeFetch: returns status, headers and body', async () => {
  const response = await createFetch()(url('/'), { ...post, headers: { 'X-A': '1' } });
  expect(response).toMatchObject({ status: 201, body: 'hello' });
  expect(response.headers['retry-after']).toBe('7');
});

test('safeFetch: connects to the checked address with the host name of the URL', async () => {
  let times = 0;
  const resolve = async () => {
    times++;
    return ['127.0.0.1'];
  };
  const response = await createFetch({ resolve })(url('/', 'rebinding.example'), post);
  expect(response.status).toBe(201);
  expect(times).toBe(1);
  expect(requests.at(-1)).toBe(`POST rebinding.example:${server.port} b`);
});

test('safeFetch: a redirect is not followed', async () => {
  const before = requests.length;
  expect((await createFetch()(url('/redirect'), post)).status).toBe(302);
  expect(requests.length).toBe(before + 1);
});

test('safeFetch: reads at most maxBytes', async () => {
  const { body } = await createFetch({ maxBytes: 20_000 })(url('/unlimited'), post);
  expect(body).toHaveLength(20_000);
});

test('safeFetch: times out for a slow response and a slow name', async () => {
  const slow = createFetch({ timeoutMs: 100 })(url('/slow'), post);
  await expect(slow).rejects.toThrow('Timed out after 100 ms');
  const resolve = () => new Promise<never>(() => {});
  const unresolved = createFetch({ timeoutMs: 100, resolve })(url('/', 'slow.example'), post);
  await expect(unresolved).rejects.toThrow('Timed out after 100 ms');
});

describe('private addresses refused', () => {
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
  ])('safeFetch: %s is refused without a request', async (address) => {
    expect(() => guarded().check(address)).toThrow(UnsafeUrlError);
    await expect(guarded()(address, post)).rejects.toThrow(UnsafeUrlError);
  });

  test.each([
    [['10.0.0.1']],
    [['169.254.169.254']],
    [['::ffff:127.0.0.1']],
    [['93.184.216.34', '127.0.0.1']],
  ])('safeFetch: a name that resolves to %j is refused', async (addresses) => {
    const before = requests.length;
    const { port } = server;
    await expect(guarded(addresses)(`https://example.com:${port}/`, post)).rejects.toThrow(
      UnsafeUrlError,
    );
    expect(requests.length).toBe(before);
  });

  test('safeFetch: a public name is accepted', () => {
    expect(() => guarded().check('https://example.com/hooks')).not.toThrow();
  });
});
