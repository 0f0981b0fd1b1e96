import { afterEach, beforeEach, expect, test } from 'bun:test';
import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { loadConfigWithSecrets } from '@insightdesk/shared/config';
import { createMailer } from '@insightdesk/shared/email';
import { createLogger } from '@insightdesk/shared/logging';
import { createMetrics } from '@insightdesk/shared/monitoring';
import { createStorage, createUrlSigner } from '@insightdesk/shared/storage';
import { startSmtpServer } from '../testing/smtp-server.ts';
import { until } from '../testing/until.ts';
import { createSecretAccessLog } from './secret-access-log.ts';
import { watchSecrets } from './watch-secrets.ts';

let directory: string;
const cleanups: (() => unknown)[] = [];
beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'watch-secrets-'));
  mkdirSync(join(directory, 'secrets'));
});
afterEach(() => {
  for (const cleanup of cleanups.splice(0)) cleanup();
  rmSync(directory, { recursive: true });
});

const writeSecret = (name: string, value: string) =>
  writeFileSync(join(directory, 'secrets', name), value);

/** A provider of the references `own:<file>`, which denies access to an empty file. */
const OWN_PROVIDER = `
  import { readFileSync } from 'node:fs';
  export default ({ OWN_DIRECTORY }) => ({
    name: 'own',
    supportsSecret: (reference) => reference.startsWith('own:'),
    async getSecret(reference) {
      const value = readFileSync(OWN_DIRECTORY + '/' + reference.slice(4), 'utf8');
      if (!value) throw Object.assign(new Error('no access'), { name: 'SecretDeniedError' });
      return value;
    },
  });`;

async function start(environment: Record<string, string>) {
  writeFileSync(join(directory, 'provider.ts'), OWN_PROVIDER);
  const accesses = createSecretAccessLog();
  const loaded = await loadConfigWithSecrets({
    directory: '/nowhere',
    environment: {
      DATABASE_URL: 'postgres://u:p@h/d',
      VALKEY_URL: 'valkey://h:6379',
      SECRETS_DIRECTORY: join(directory, 'secrets'),
      SECRETS_PROVIDERS: join(directory, 'provider.ts'),
      OWN_DIRECTORY: join(directory, 'secrets'),
      SECRETS_TTL: '1s',
      ...environment,
    },
    onAccess: accesses.record,
  });
  const lines: Record<string, unknown>[] = [];
  const log = createLogger(
    { level: 'info', format: 'json' },
    { service: 'worker', replica: 'worker-1' },
    { write: (line) => void lines.push(JSON.parse(line)) },
  );
  const metrics = createMetrics({ service: 'worker', replica: 'worker-1' });
  accesses.reportTo(log, metrics);
  const watch = watchSecrets(loaded, log);
  cleanups.push(watch.stop);
  return { live: watch.live, lines, metrics };
}

test('watchSecrets: the mailer and the storage use a new secret without a restart', async () => {
  writeSecret('SMTP_PASSWORD', 'first');
  writeSecret('AWS_SECRET_ACCESS_KEY', 'key');
  writeSecret('own-id', 'AKIA1');
  const server = await startSmtpServer({});
  const { live, lines } = await start({
    SMTP_HOST: '127.0.0.1',
    SMTP_PORT: `${server.port}`,
    SMTP_USER: 'desk',
    STORAGE_PROVIDER: 's3',
    AWS_S3_BUCKET: 'files',
    AWS_REGION: 'eu',
    AWS_ACCESS_KEY_ID: 'own:own-id',
  });
  const mailer = createMailer(() => live.email);
  cleanups.push(mailer.close, server.stop);
  const signer = createUrlSigner({ secret: 's', publicUrl: 'http://localhost' });
  const storage = createStorage(() => live.storage, { signer });
  const send = () =>
    mailer.send({
      to: 'a@example.com',
      subject: 's',
      text: 't',
      html: 'h',
      messageId: `<${crypto.randomUUID()}@example.com>`,
    });
  const accessKey = async () =>
    new URL(await storage.signDownload('a', { expiresInSeconds: 60 })).searchParams
      .get('X-Amz-Credential')
      ?.split('/')[0];
  await send();
  expect(await accessKey()).toBe('AKIA1');
  writeSecret('SMTP_PASSWORD', 'second');
  writeSecret('own-id', 'AKIA2');
  await until(() => lines.some(({ msg }) => msg === 'secrets: values changed'));
  await send();
  await send();
  expect(server.passwords).toEqual(['first', 'second']);
  expect(await accessKey()).toBe('AKIA2');
  const changed = lines.find(({ msg }) => msg === 'secrets: values changed');
  expect(changed?.variables).toEqual(['AWS_ACCESS_KEY_ID', 'SMTP_PASSWORD']);
  expect(JSON.stringify(lines)).not.toMatch(/first|second|AKIA/);
});

test('watchSecrets: a denial is a log line and a metric, and the last value stays in use', async () => {
  writeSecret('own-password', 'first');
  const { live, lines, metrics } = await start({
    SMTP_USER: 'desk',
    SMTP_PASSWORD: 'own:own-password',
  });
  const denials = async () =>
    /secret_accesses_total\{secret="SMTP_PASSWORD",provider="own",outcome="denied".*\} (\d+)/.exec(
      await metrics.metrics(),
    )?.[1];
  expect(await denials()).toBe('0');
  writeSecret('own-password', '');
  const isDenied = ({ msg }: Record<string, unknown>) => msg === 'secrets: access denied';
  await until(() => lines.some(isDenied));
  expect(lines.find(isDenied)).toMatchObject({
    level: 'error',
    variable: 'SMTP_PASSWORD',
    provider: 'own',
    outcome: 'denied',
  });
  expect(Number(await denials())).toBeGreaterThan(0);
  expect(live.email.password).toBe('first');
});

test('watchSecrets: a new value that is used after a restart only is logged', async () => {
  writeSecret('JWT_SECRET', 'abcdefghijklmnopqrstuvwxyz0123456789');
  const { lines } = await start({});
  writeSecret('JWT_SECRET', '0123456789abcdefghijklmnopqrstuvwxyz');
  const asks = ({ msg }: Record<string, unknown>) => `${msg}`.includes('restart the service');
  await until(() => lines.some(asks));
  expect(lines.find(asks)).toMatchObject({ level: 'warn', variables: ['JWT_SECRET'] });
});
