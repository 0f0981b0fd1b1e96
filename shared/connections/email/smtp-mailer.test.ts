import { afterEach, describe, expect, test } from 'bun:test';
import { startSmtpServer } from '../../testing/smtp-server.ts';
import { createMailer, type Mailer } from './index.ts';
import { newEmail } from './mailer-contract.ts';

type Server = Awaited<ReturnType<typeof startSmtpServer>>;
let server: Server | undefined;
let mailer: Mailer | undefined;
afterEach(() => {
  mailer?.close();
  server?.stop();
});

const base = { host: '127.0.0.1', secure: false, from: 'Desk <desk@example.com>' };

// `expect().rejects` runs the event loop itself, in which setImmediate can starve (Bun 1.4.5).
const failureOf = (work: Promise<unknown>) =>
  work.then(
    () => 'it did not fail',
    (error: unknown) => error,
  );

async function start(script: Parameters<typeof startSmtpServer>[0], options = {}) {
  server = await startSmtpServer(script);
  // Only a silent server needs the timeout.
  const timeoutMs = Object.values(script).includes('silence') ? 1_000 : 10_000;
  mailer = createMailer({ ...base, port: server.port, timeoutMs, ...options });
  return { mailer, seen: server.seen };
}

describe('send: an email that is not accepted', () => {
  test.each([
    ['a busy mailbox', { RCPT: '450 busy' }, true, 0],
    ['a full server', { MAIL: '452 full' }, true, 0],
    ['a server that shuts down', { message: '421 closing' }, true, 1],
    ['a bad sequence of commands', { MAIL: '503 bad sequence' }, true, 0],
    ['a temporary failure in the greeting', { greeting: '421 later' }, true, 0],
    ['an unknown mailbox', { RCPT: '550 no such user' }, false, 0],
    ['rejected content', { message: '554 spam' }, false, 1],
    ['a rejected sender', { MAIL: '553 not you' }, false, 0],
    ['no greeting', { greeting: 'silence' }, true, 0],
    ['no reply to the content', { message: 'silence' }, true, 1],
    ['a connection closed instead of a greeting', { greeting: 'close' }, true, 0],
    ['a connection closed before the content', { RCPT: 'close' }, true, 0],
    ['a connection closed after the content', { message: 'close' }, true, 1],
  ] as const)(
    '%s: NetworkError after a single attempt',
    async (_reason, script, retryable, messages) => {
      const { mailer, seen } = await start(script);
      expect(await failureOf(mailer.send(newEmail()))).toMatchObject({
        name: 'NetworkError',
        retryable,
      });
      await Bun.sleep(100);
      // The mailer never retries by itself.
      expect(seen).toEqual({ messages, connections: 1 });
    },
  );

  test('an unreachable server: retryable NetworkError', async () => {
    mailer = createMailer({ ...base, port: 1 });
    const failure = { name: 'NetworkError', retryable: true };
    expect(await failureOf(mailer.send(newEmail()))).toMatchObject(failure);
    expect(await failureOf(mailer.verify())).toMatchObject(failure);
    expect(mailer.wasAccepted).toBeUndefined();
  });

  test('a rejected login is retryable, because the account may be fixed', async () => {
    const { mailer } = await start({ AUTH: '535 wrong' }, { user: 'desk', password: 'wrong' });
    const failure = { name: 'NetworkError', retryable: true };
    const unavailable = { ...failure, code: 'MAIL_UNAVAILABLE' };
    expect(await failureOf(mailer.send(newEmail()))).toMatchObject(unavailable);
    expect(await failureOf(mailer.verify())).toMatchObject(failure);
  });

  test('the deadline includes the wait for a free connection', async () => {
    const options = { timeoutMs: 60_000, deadlineMs: 200 };
    const { mailer } = await start({ message: 'silence' }, options);
    const sending = Array.from({ length: 8 }, () => failureOf(mailer.send(newEmail())));
    expect(await Promise.all(sending)).toMatchObject(Array(8).fill({ name: 'NetworkError' }));
  });
});

describe('circuit breaker', () => {
  test('a server that fails five times in a row is not contacted until the circuit closes', async () => {
    const script: Parameters<typeof startSmtpServer>[0] = { greeting: '421 later' };
    const { mailer, seen } = await start(script, { circuitOpenMs: 1_500 });
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

  test('rejected emails do not open the circuit', async () => {
    const { mailer } = await start({ RCPT: '550 no such user' });
    for (let i = 0; i < 7; i++) {
      expect(await failureOf(mailer.send(newEmail()))).toMatchObject({ name: 'NetworkError' });
    }
  });
});

test('consecutive emails reuse one connection', async () => {
  const { mailer, seen } = await start({});
  for (let turn = 0; turn < 20; turn++) await mailer.send(newEmail());
  expect(seen).toEqual({ messages: 20, connections: 1 });
});

describe('wasAccepted', () => {
  const responses: [reason: string, response: () => Response | Promise<Response>][] = [
    ['responds with an error', () => new Response('no', { status: 500 })],
    ['responds with invalid JSON', () => new Response('<html>')],
    ['responds with another structure', () => Response.json({})],
    ['responds too late', () => Bun.sleep(2000).then(() => Response.json([]))],
  ];
  test.each(responses)(
    'a mail catcher that %s: retryable NetworkError',
    async (_reason, response) => {
      const catcher = Bun.serve({ port: 0, hostname: '127.0.0.1', fetch: response });
      const lookupUrl = `http://127.0.0.1:${catcher.port}/`;
      mailer = createMailer({ ...base, port: 1, lookupUrl, timeoutMs: 200 });
      const asking = mailer.wasAccepted?.('<a@example.com>');
      await expect(asking).rejects.toMatchObject({ name: 'NetworkError', retryable: true });
      await catcher.stop(true);
    },
  );
});
