import { createAntivirus } from '@insightdesk/shared/antivirus';
import { type Config, isSecretName } from '@insightdesk/shared/config';
import { connect } from '@insightdesk/shared/database';
import { withTimeout } from '@insightdesk/shared/promises';
import { pingSentry } from '@insightdesk/shared/sentry';
import { pingCollector } from '@insightdesk/shared/tracing';
import { pingValkey } from '@insightdesk/shared/valkey';
import type { CommandApp } from './run-command.ts';

export interface ConnectionTest {
  healthy: boolean;
  latencyMs: number;
  /** The error of the server or the network, without passwords. */
  error?: string;
}

/** The EICAR test file, split so that scanners do not report this file. */
const TEST_VIRUS = [
  'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD',
  '-ANTIVIRUS-TEST-FILE!$H+H*',
].join('');

type Tests = Record<string, () => Promise<unknown>>;

/**
 * Tests every configured connection in parallel: each login of PostgreSQL, each Valkey server, the
 * login of the mail server, storage with a file, antivirus with a test virus, the error tracker and the
 * trace collector. Never throws.
 */
export async function testAllConnections(
  { config, container }: Pick<CommandApp, 'config' | 'container'>,
  { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
): Promise<Record<string, ConnectionTest>> {
  const tests: Tests = {
    ...databaseTests(config, timeoutMs),
    ...valkeyTests(config, container.connectValkey),
    storage: () => testStorage(container.storage),
    mail: () => container.mailer.verify(),
    ...monitoringTests(config, timeoutMs),
    ...(config.antivirus.url && { antivirus: () => testAntivirus(config, timeoutMs) }),
  };
  const secrets = secretsOf(config);
  const results = Object.entries(tests).map(
    async ([name, test]) => [name, await run(test, timeoutMs, secrets)] as const,
  );
  return Object.fromEntries(await Promise.all(results));
}

function databaseTests({ database }: Config, timeoutMs: number): Tests {
  const urls = {
    postgres: database.url,
    'postgres as relay': database.relayUrl,
    'postgres as identity': database.identityUrl,
    'postgres as owner': database.migrationUrl,
  };
  const configured = Object.entries(urls).filter((entry): entry is [string, string] => !!entry[1]);
  return Object.fromEntries(
    configured.map(([name, url]) => [name, () => testLogin(url, timeoutMs)]),
  );
}

async function testLogin(url: string, timeoutMs: number): Promise<void> {
  const sql = connect(url, { timeoutMs });
  try {
    await sql`select 1`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function monitoringTests({ errors: { dsn }, tracing }: Config, timeoutMs: number): Tests {
  return {
    ...(dsn && { 'error tracker': () => pingSentry(dsn, timeoutMs) }),
    ...(tracing && { 'trace collector': () => pingCollector(tracing, timeoutMs) }),
  };
}

function valkeyTests(
  { valkey }: Config,
  connectValkey: CommandApp['container']['connectValkey'],
): Tests {
  const { url, cacheUrl, queueUrl, sessionUrl } = valkey;
  const servers = [
    ['valkey', 'default', url],
    ['valkey for the cache', 'cache', cacheUrl],
    ['valkey for queues', 'queue', queueUrl],
    ['valkey for sessions', 'session', sessionUrl],
  ] as const;
  const separate = servers.filter(([, purpose, server]) => purpose === 'default' || server !== url);
  return Object.fromEntries(
    separate.map(([name, purpose]) => [
      name,
      async () => {
        const connection = connectValkey(purpose, 'command', 'test');
        try {
          await pingValkey(connection, 3_000);
        } finally {
          connection.disconnect();
        }
      },
    ]),
  );
}

async function testStorage(storage: CommandApp['container']['storage']): Promise<void> {
  const key = `health/${crypto.randomUUID()}`;
  const text = 'Written and deleted by a connection test';
  const source = new TextEncoder().encode(text);
  try {
    await storage.upload(key, source, { contentType: 'text/plain' });
    const read = await new Response(await storage.download(key)).text();
    if (read !== text) throw new Error('The file was read back with other content');
  } finally {
    await storage.delete(key);
  }
  if (await storage.exists(key)) throw new Error('The file exists after its deletion');
}

async function testAntivirus({ antivirus }: Config, timeoutMs: number): Promise<void> {
  const failClosed = createAntivirus({
    ...antivirus,
    mode: 'fail-closed',
    responseTimeoutMs: timeoutMs,
  });
  const verdict = await failClosed.scan(new TextEncoder().encode(TEST_VIRUS));
  if (verdict.clean) throw new Error('The test virus was not detected');
}

async function run(
  test: () => Promise<unknown>,
  timeoutMs: number,
  secrets: readonly string[],
): Promise<ConnectionTest> {
  const startedAt = performance.now();
  const latencyMs = () => Math.round((performance.now() - startedAt) * 100) / 100;
  try {
    await withTimeout(async () => test(), timeoutMs);
    return { healthy: true, latencyMs: latencyMs() };
  } catch (error) {
    return { healthy: false, latencyMs: latencyMs(), error: messageOf(error, secrets) };
  }
}

/** The messages of an error and its causes in one line. */
function messageOf(error: unknown, secrets: readonly string[]): string {
  const messages: string[] = [];
  for (let e = error, depth = 0; e instanceof Error && depth < 4; e = e.cause, depth++) {
    if (!messages.includes(e.message)) messages.push(e.message || e.name);
  }
  const line = (messages.join(': ') || String(error)).replaceAll(/\s+/g, ' ').slice(0, 300);
  return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), line);
}

function secretsOf({ extra }: Config): string[] {
  const values = Object.entries(extra).flatMap(([name, value]) => {
    if (value && URL.canParse(value)) return [new URL(value).password];
    return value && isSecretName(name) ? [value] : [];
  });
  return values.filter((value) => value.length > 3);
}
