import { afterEach, expect, test } from 'bun:test';
import { createClient } from './create-client.ts';
import { NetworkError } from './errors.ts';

const cleanUps: (() => unknown)[] = [];
afterEach(() => cleanUps.splice(0).forEach((cleanUp) => void cleanUp()));

/** The error of a request whose `fetch` fails. */
async function fail(fetch: () => Promise<Response>, timeoutMs?: number) {
  const client = createClient({
    url: 'https://desk.example',
    tokens: { accessToken: 'access' },
    timeoutMs,
    fetch,
  });
  const error = await client.me().catch((reason) => reason);
  expect(error).toBeInstanceOf(NetworkError);
  return error as NetworkError;
}

/** As in a browser that shows a page of this origin. */
function openPage(origin: string, onLine = true) {
  for (const [name, value] of Object.entries({ location: { origin }, navigator: { onLine } })) {
    const descriptor = Object.getOwnPropertyDescriptor(globalThis, name);
    Object.defineProperty(globalThis, name, { value, configurable: true });
    cleanUps.push(() => {
      if (descriptor) Object.defineProperty(globalThis, name, descriptor);
      else Reflect.deleteProperty(globalThis, name);
    });
  }
}

const failedFetch = () => Promise.reject(new TypeError('Failed to fetch'));

test('NetworkError: a write that a certificate prevents is not repeated', async () => {
  const waits: unknown[] = [];
  let requests = 0;
  const client = createClient({
    url: 'https://desk.example',
    tokens: { accessToken: 'access' },
    onWait: (wait) => waits.push(wait),
    fetch: async () => {
      requests++;
      // As in Bun.
      throw Object.assign(new Error('refused'), { code: 'UNABLE_TO_VERIFY_LEAF_SIGNATURE' });
    },
  });
  const error = await client.conversations
    .update('cnv_1', { status: 'open' })
    .catch((reason) => reason);
  expect(error).toMatchObject({ name: 'NetworkError', reason: 'certificate' });
  expect([requests, waits]).toEqual([1, []]);
});

test.each([
  ['SELF_SIGNED_CERT_IN_CHAIN', 'NODE_EXTRA_CA_CERTS'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'NODE_EXTRA_CA_CERTS'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'NODE_EXTRA_CA_CERTS'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'NODE_EXTRA_CA_CERTS'],
  ['CERT_HAS_EXPIRED', 'has expired'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'is for another host name'],
])('NetworkError: %s in the cause, as in Node, is a certificate that %s', async (code, text) => {
  const cause = Object.assign(new Error('refused'), { code });
  const error = await fail(() => Promise.reject(new TypeError('fetch failed', { cause })));
  expect(error.reason).toBe('certificate');
  expect(error.message).toContain(text);
  expect(error.message).toContain(code);
});

test('NetworkError: in a page of another origin the message names CORS_ORIGINS and the origin', async () => {
  openPage('https://app.example');
  const error = await fail(failedFetch);
  expect(error.reason).toBe('cross-origin');
  expect(error.message).toContain(
    'CORS_ORIGINS of the server does not contain https://app.example',
  );
});

test.each([
  ['of the same origin', 'https://desk.example', true],
  ['without a network', 'https://app.example', false],
])('NetworkError: in a page %s the server is unreachable', async (_, origin, onLine) => {
  openPage(origin, onLine);
  const error = await fail(failedFetch);
  expect([error.reason, error.message]).toEqual(['unreachable', 'GET /v1/me: no response']);
});

test('NetworkError: a timeout has its own reason, also in a page of another origin', async () => {
  openPage('https://app.example');
  const timeout = () => Promise.reject(new DOMException('Timed out', 'TimeoutError'));
  const error = await fail(timeout, 2_000);
  expect([error.reason, error.message]).toEqual(['timeout', 'GET /v1/me: no response within 2 s']);
});
