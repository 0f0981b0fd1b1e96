import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { deflateSync } from 'node:zlib';
import {
  type Answer,
  call,
  createPhoto,
  inviteMember,
  type Listener,
  listen,
  type Person,
  registerOwner,
  run,
  upload,
} from './client.ts';

let owner: Person;
let customer: Person;
let otherTenant: Person;
let conversationId: string;
const open: Listener[] = [];

beforeAll(async () => {
  [owner, otherTenant] = await Promise.all([registerOwner(), registerOwner()]);
  customer = await inviteMember(owner, 'customer', 'Carla Customer');
  const body = { subject: 'A subject', body: 'A body' };
  const opened = await call('POST', '/v1/conversations', { token: customer.token, body });
  conversationId = opened.body.id;
});

afterAll(() => {
  for (const listener of open) listener.close();
});

/** Every refusal is a problem document that says nothing of the inside. */
function expectProblem(answer: Answer<any>, status: number, code?: string): void {
  expect({ status: answer.status, code: answer.body?.code }).toMatchObject({
    status,
    ...(code && { code }),
  });
  expect(answer.headers.get('content-type')).toContain('application/problem+json');
  expect(answer.body).toMatchObject({ status, title: expect.any(String) });
  expect(answer.body.requestId).toBeString();
  expect(JSON.stringify(answer.body)).not.toMatch(/postgres|select |at \w+ \(|node_modules/i);
}

const json = { 'content-type': 'application/json' };

describe('bodies', () => {
  const post = (raw: string, headers: Record<string, string> = json) =>
    call('POST', '/v1/conversations', { token: customer.token, raw: raw as never, headers });

  test.each(['{', 'nonsense', '{"subject": "a",}'])(
    'malformed JSON %p answers 400',
    async (raw) => {
      expectProblem(await post(raw), 400, 'MALFORMED_JSON');
    },
  );

  test.each(['[]', '"text"', 'null', '7'])(
    'JSON that is not an object answers 422: %p',
    async (raw) => {
      expectProblem(await post(raw), 422);
    },
  );

  test('11 MB of JSON answer 413', async () => {
    const raw = JSON.stringify({ subject: 'a', body: 'x'.repeat(11 * 1024 * 1024) });
    expectProblem(await post(raw), 413, 'PAYLOAD_TOO_LARGE');
  });

  test('another content type answers 415', async () => {
    expectProblem(await post('a=b', { 'content-type': 'text/plain' }), 415);
  });

  test('unknown, missing and wrong fields are all named in errors', async () => {
    const raw = JSON.stringify({ subject: 7, priority: 'yesterday', extra: true });
    const answer = await post(raw);
    expectProblem(answer, 422, 'VALIDATION_FAILED');
    const paths = answer.body.errors.map(({ path }: { path: string }) => path);
    for (const path of ['subject', 'priority', 'body']) expect(paths).toContain(path);
    expect(JSON.stringify(answer.body.errors)).toContain('extra');
  });

  test('text with NUL answers 422', async () => {
    expectProblem(await post(JSON.stringify({ subject: 'a\0b', body: 'x' })), 422);
  });

  test('__proto__ in a body has no effect', async () => {
    const raw = '{"subject":"a","body":"b","__proto__":{"role":"owner"}}';
    const answer = await post(raw);
    expect([201, 422]).toContain(answer.status);
    expect(({} as { role?: string }).role).toBeUndefined();
  });
});

describe('ids', () => {
  test.each([
    '/v1/conversations/nonsense',
    '/v1/conversations/usr_01h2xcejqtf2nbrexx3vqjhp41',
    '/v1/conversations/cnv_01h2xcejqtf2nbrexx3vqjhp41',
    '/v1/conversations/cnv_01h2xcejqtf2nbrexx3vqjhp41/messages',
    '/v1/conversations/%00',
    '/v1/conversations/../../etc/passwd',
    '/v1/attachments/att_01h2xcejqtf2nbrexx3vqjhp41/content',
    '/v1/nowhere',
  ])('%s answers 404, or 400 by nginx', async (path) => {
    const answer = await call('GET', path, { token: customer.token });
    expectProblem(answer, answer.status === 400 ? 400 : 404);
  });

  test('a user of another tenant gets 404 for existing resources', async () => {
    for (const path of ['', '/messages']) {
      const url = `/v1/conversations/${conversationId}${path}`;
      expectProblem(await call('GET', url, { token: otherTenant.token }), 404, 'NOT_FOUND');
    }
    const url = `/v1/conversations/${conversationId}/messages`;
    const body = { body: 'intruder' };
    expectProblem(await call('POST', url, { token: otherTenant.token, body }), 404, 'NOT_FOUND');
  });

  test.each(['limit=0', 'limit=101', 'limit=x', 'cursor=x', 'status=lost', 'unknown=1'])(
    'the query %s answers 422',
    async (query) => {
      expectProblem(await call('GET', `/v1/conversations?${query}`, { token: owner.token }), 422);
    },
  );
});

describe('tokens', () => {
  const [header, payload] = ['HS256', 'none'].map((alg) =>
    Buffer.from(JSON.stringify({ alg, typ: 'at+jwt' })).toString('base64url'),
  );
  test.each([
    ['none', undefined],
    ['nonsense', 'nonsense'],
    ['forged', `${header}.${header}.AAAA`],
    ['unsigned', `${payload}.${header}.`],
  ])('%s', async (_, token) => {
    expectProblem(await call('GET', '/v1/me', token === undefined ? {} : { token }), 401);
  });

  test('a token with one changed character answers 401', async () => {
    const [head, body = '', mac] = owner.token.split('.');
    const claims = JSON.parse(Buffer.from(body, 'base64url').toString());
    const forged = Buffer.from(JSON.stringify({ ...claims, org: otherTenant.organizationId }));
    const token = `${head}.${forged.toString('base64url')}.${mac}`;
    expectProblem(await call('GET', '/v1/me', { token }), 401, 'TOKEN_INVALID');
    await expect(listen(token)).rejects.toThrow();
  });
});

describe('files', () => {
  /** A valid PNG of zeros: small as a file, huge when decoded. */
  function bomb(side: number): Blob {
    const chunk = (type: string, body: Buffer) => {
      const frame = Buffer.alloc(12 + body.length);
      frame.writeUInt32BE(body.length);
      frame.write(type, 4, 'latin1');
      body.copy(frame, 8);
      frame.writeUInt32BE(Bun.hash.crc32(frame.subarray(4, -4)), 8 + body.length);
      return frame;
    };
    const header = Buffer.alloc(13);
    header.writeUInt32BE(side);
    header.writeUInt32BE(side, 4);
    header.set([1, 0, 0, 0, 0], 8);
    const signature = Buffer.from([0x89, 0x50, 0x4e, 0x47, 0x0d, 0x0a, 0x1a, 0x0a]);
    const rows = deflateSync(Buffer.alloc((side / 8 + 1) * side));
    const end = Buffer.alloc(0);
    return new Blob([signature, chunk('IHDR', header), chunk('IDAT', rows), chunk('IEND', end)]);
  }

  test('a text file named .png is stored as text', async () => {
    const answer = await upload(customer.token, new Blob(['hello']), 'photo.png');
    expectProblem(answer, 422, 'CONTENT_TYPE_MISMATCH');
  });

  test('a truncated JPEG is rejected', async () => {
    const photo = await createPhoto();
    const answer = await upload(customer.token, photo.slice(0, photo.size / 2), 'photo.jpg');
    expectProblem(answer, 422, 'IMAGE_CORRUPT');
  });

  test('a decompression bomb is rejected', async () => {
    expectProblem(await upload(customer.token, bomb(20_000), 'b.png'), 422, 'IMAGE_TOO_LARGE');
  });

  test('an empty file, a missing file and a missing form answer 4xx', async () => {
    expectProblem(await upload(customer.token, new Blob([]), 'empty.txt'), 422, 'FILE_EMPTY');
    const form = new FormData();
    form.append('other', 'value');
    const wrong = await call('POST', '/v1/attachments', {
      token: customer.token,
      raw: form as never,
    });
    expect(wrong.status).toBeWithin(400, 423);
    const none = await call('POST', '/v1/attachments', { token: customer.token, body: {} });
    expectProblem(none, 415);
  });

  test('an upload of 300 MB answers 413', async () => {
    const answer = await upload(customer.token, new Blob([Buffer.alloc(300 << 20)]), 'huge.bin');
    expectProblem(answer, 413, 'PAYLOAD_TOO_LARGE');
  });

  test('an attachment of another user in a message answers 404', async () => {
    const foreign = await upload(otherTenant.token, new Blob(['mine']), 'mine.txt');
    const answer = await call('POST', `/v1/conversations/${conversationId}/messages`, {
      token: customer.token,
      body: { body: 'Look', attachmentIds: [foreign.body.id] },
    });
    expectProblem(answer, 422, 'ATTACHMENT_NOT_AVAILABLE');
    const url = `/v1/attachments/${foreign.body.id}`;
    expectProblem(await call('GET', url, { token: customer.token }), 404);
    const left = await call('GET', `/v1/conversations/${conversationId}/messages`, {
      token: customer.token,
    });
    expect(left.body.items).toHaveLength(1);
  });
});

describe('sockets', () => {
  test('a socket without a valid token is refused', async () => {
    for (const token of ['', 'nonsense']) await expect(listen(token)).rejects.toThrow();
  });

  test('invalid payloads for every handler get an error and the socket stays open', async () => {
    const listener = await listen(customer.token);
    open.push(listener);
    const nonsense = [
      undefined,
      null,
      7,
      'text',
      [],
      {},
      { channel: 7 },
      { channel: 'x'.repeat(9e3) },
    ];
    for (const event of ['subscribe', 'unsubscribe', 'publish', 'authenticate']) {
      for (const payload of nonsense) {
        const answer = await listener.socket.timeout(20_000).emitWithAck(event, payload);
        expect(answer.ok).toBe(false);
        expect(answer.error.status).toBeWithin(400, 500);
      }
    }
    expect((await listener.subscribe(`private-user-${customer.id}`)).ok).toBe(true);
  });

  test('an oversized packet closes only its own socket', async () => {
    const listener = await listen(customer.token);
    const ended = new Promise((resolve) => listener.socket.once('disconnect', resolve));
    listener.socket.emit('publish', { channel: 'x', type: 'typing', data: 'x'.repeat(5_000_000) });
    await ended;
    const next = await listen(customer.token);
    open.push(next);
    expect(next.socket.connected).toBe(true);
  });

  test('10,000 subscriptions of one socket hit the limit', async () => {
    const listener = await listen(owner.token);
    open.push(listener);
    const answers = await Promise.all(
      Array.from({ length: 10_000 }, (_, n) =>
        listener.socket
          .timeout(60_000)
          .emitWithAck('subscribe', { channel: `private-conversation-cnv_${n}` })
          .catch(() => ({ ok: false, error: { status: 599 } })),
      ),
    );
    for (const { ok, error } of answers) {
      expect(ok).toBe(false);
      expect(error.status).toBeWithin(400, 500);
    }
    const health = await call('GET', '/health');
    expect(health.status).toBe(200);
  });
});

test('internal routes are not reachable through nginx', async () => {
  for (const path of ['/metrics', '/metrics/', '/../metrics', '/.env']) {
    expect((await call('GET', path)).status).toBe(404);
  }
  expect(run.url).toBeString();
});
