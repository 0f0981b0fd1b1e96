import { expect, test } from 'bun:test';
import { checkMailServer } from './check-mail-server.ts';
import { startSmtpServer } from './test-smtp-server.ts';

const greet = async (script: Parameters<typeof startSmtpServer>[0], timeoutMs?: number) => {
  const server = await startSmtpServer(script);
  try {
    return await checkMailServer(
      { host: '127.0.0.1', port: server.port, secure: false },
      timeoutMs,
    );
  } finally {
    server.stop();
  }
};

test('a server that greets is there', async () => {
  expect(await greet({})).toBeUndefined();
});

test.each([
  ['refuses', { greeting: '554 no' }, 'is not ready', 10_000],
  ['hangs up', { greeting: 'hang up' }, 'hung up', 10_000],
  ['is silent', { greeting: 'silence' }, 'was silent', 100],
] as const)('one that %s is not', async (_, script, why, timeoutMs) => {
  await expect(greet(script, timeoutMs)).rejects.toThrow(why);
});

test('nor is one that is not there', async () => {
  const server = await startSmtpServer({});
  server.stop();
  const asked = checkMailServer({ host: '127.0.0.1', port: server.port, secure: false });
  await expect(asked).rejects.toThrow('The mail server');
});
