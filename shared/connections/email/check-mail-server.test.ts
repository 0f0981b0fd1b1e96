import { expect, test } from 'bun:test';
import { startSmtpServer } from '../../testing/smtp-server.ts';
import { checkMailServer } from './check-mail-server.ts';

const check = async (script: Parameters<typeof startSmtpServer>[0], timeoutMs?: number) => {
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

test('a server that greets passes the check', async () => {
  expect(await check({})).toBeUndefined();
});

test.each([
  ['refuses', { greeting: '554 no' }, 'is not ready', 10_000],
  ['closes the connection', { greeting: 'close' }, 'closed the connection', 10_000],
  ['is silent', { greeting: 'silence' }, 'did not respond', 100],
] as const)('a server that %s fails the check', async (_, script, reason, timeoutMs) => {
  await expect(check(script, timeoutMs)).rejects.toThrow(reason);
});

test('an unreachable server fails the check', async () => {
  const server = await startSmtpServer({});
  server.stop();
  const checked = checkMailServer({ host: '127.0.0.1', port: server.port, secure: false });
  await expect(checked).rejects.toThrow('The mail server');
});
