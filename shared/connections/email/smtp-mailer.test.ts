import { afterEach, describe, expect, test } from 'bun:test';
import { createMailer, type Mailer } from './index.ts';
import { newEmail } from './mailer-contract.ts';
import { startSmtpServer } from './test-smtp-server.ts';

type Server = Awaited<ReturnType<typeof startSmtpServer>>;
let server: Server | undefined;
let mailer: Mailer | undefined;
afterEach(() => {
  mailer?.close();
  server?.stop();
});

const base = { host: '127.0.0.1', secure: false, from: 'Desk <desk@example.com>' };

// `expect().rejects` turns the event loop itself, in which setImmediate can starve (Bun 1.4.5).
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );

async function start(script: Parameters<typeof startSmtpServer>[0], options = {}) {
  server = await startSmtpServer(script);
  // Only who waits for nothing waits for the clock.
  const timeoutMs = Object.values(script).includes('silence') ? 1_000 : 10_000;
  mailer = createMailer({ ...base, port: server.port, timeoutMs, ...options });
  return { mailer, seen: server.seen };
}

describe('a letter that is not taken', () => {
  test.each([
    ['a mailbox that is busy', { RCPT: '450 busy' }, true, 0],
    ['a server that is full', { MAIL: '452 full' }, true, 0],
    ['a server that is going away', { message: '421 closing' }, true, 1],
    ['a session out of order', { MAIL: '503 bad sequence' }, true, 0],
    ['a greeting that says later', { greeting: '421 later' }, true, 0],
    ['a mailbox that does not exist', { RCPT: '550 no such user' }, false, 0],
    ['content that is refused', { message: '554 spam' }, false, 1],
    ['a sender that is refused', { MAIL: '553 not you' }, false, 0],
    ['no greeting', { greeting: 'silence' }, true, 0],
    ['no answer to the content', { message: 'silence' }, true, 1],
    ['a connection cut instead of a greeting', { greeting: 'hang up' }, true, 0],
    ['a connection cut before the content', { RCPT: 'hang up' }, true, 0],
    ['a connection cut after the content', { message: 'hang up' }, true, 1],
  ] as const)('%s', async (_reason, script, retryable, messages) => {
    const { mailer, seen } = await start(script);
    expect(await failureOf(mailer.send(newEmail()))).toMatchObject({
      name: 'NetworkError',
      retryable,
    });
    await Bun.sleep(100);
    // Never tried twice behind the caller's back.
    expect(seen).toEqual({ messages, connections: 1 });
  });

  test('no server at all', async () => {
    mailer = createMailer({ ...base, port: 1 });
    const failure = { name: 'NetworkError', retryable: true };
    expect(await failureOf(mailer.send(newEmail()))).toMatchObject(failure);
    expect(await failureOf(mailer.verify())).toMatchObject(failure);
    expect(mailer.wasAccepted).toBeUndefined();
  });

  test('an account that is refused may be mended: worth another try', async () => {
    const { mailer } = await start({ AUTH: '535 wrong' }, { user: 'desk', password: 'wrong' });
    const failure = { name: 'NetworkError', retryable: true };
    const away = { ...failure, code: 'MAIL_UNAVAILABLE' };
    expect(await failureOf(mailer.send(newEmail()))).toMatchObject(away);
    expect(await failureOf(mailer.verify())).toMatchObject(failure);
  });

  test('a deadline for all of it, waiting for a free connection included', async () => {
    const options = { timeoutMs: 60_000, deadlineMs: 200 };
    const { mailer } = await start({ message: 'silence' }, options);
    const sending = Array.from({ length: 8 }, () => failureOf(mailer.send(newEmail())));
    expect(await Promise.all(sending)).toMatchObject(Array(8).fill({ name: 'NetworkError' }));
  });
});

describe('a server that keeps failing', () => {
  test('is left alone for a while, and asked again by itself', async () => {
    const script: Parameters<typeof startSmtpServer>[0] = { greeting: '421 later' };
    const { mailer, seen } = await start(script, { restMs: 1_500 });
    for (let i = 0; i < 5; i++) await failureOf(mailer.send(newEmail()));
    expect(await failureOf(mailer.send(newEmail()))).toMatchObject({
      name: 'UnavailableError',
      code: 'MAIL_UNAVAILABLE',
      retryable: true,
    });
    expect(seen.connections).toBe(5);
    delete script.greeting;
    await Bun.sleep(1_600);
    await mailer.send(newEmail());
    expect(seen).toEqual({ messages: 1, connections: 6 });
  });

  test('letters that are refused say nothing about it', async () => {
    const { mailer } = await start({ RCPT: '550 no such user' });
    for (let i = 0; i < 7; i++) {
      expect(await failureOf(mailer.send(newEmail()))).toMatchObject({ name: 'NetworkError' });
    }
  });
});

test('connections are used again', async () => {
  const { mailer, seen } = await start({});
  for (let turn = 0; turn < 20; turn++) await mailer.send(newEmail());
  expect(seen).toEqual({ messages: 20, connections: 1 });
});

describe('an inbox that is asked', () => {
  const answers: [reason: string, answer: () => Response | Promise<Response>][] = [
    ['answers an error', () => new Response('no', { status: 500 })],
    ['answers nonsense', () => new Response('<html>')],
    ['answers something else', () => Response.json({})],
    ['answers too late', () => Bun.sleep(2000).then(() => Response.json([]))],
  ];
  test.each(answers)('%s: neither yes nor no', async (_reason, answer) => {
    const inbox = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: answer });
    const lookupUrl = `http://127.0.0.1:${inbox.port}/`;
    mailer = createMailer({ ...base, port: 1, lookupUrl, timeoutMs: 200 });
    const asking = mailer.wasAccepted?.('<a@example.com>');
    await expect(asking).rejects.toMatchObject({ name: 'NetworkError', retryable: true });
    await inbox.stop(true);
  });
});
