import { createAntivirus } from '@insightdesk/shared/antivirus';
import { type Config, isSecretName } from '@insightdesk/shared/config';
import { connect } from '@insightdesk/shared/database';
import { withTimeout } from '@insightdesk/shared/promises';
import { pingSentry } from '@insightdesk/shared/sentry';
import { pingCollector } from '@insightdesk/shared/tracing';
import { pingValkey } from '@insightdesk/shared/valkey';
import type { CommandApp } from './command.ts';

export interface ConnectionTest {
  healthy: boolean;
  latencyMs: number;
  /** For operators: what the other side or the network said, without passwords. */
  error?: string;
}

/** A file that every antivirus calls harmful, in two parts so that this file is none. */
const TEST_VIRUS = [
  'X5O!P%@AP[4\\PZX54(P^)7CC)7}$EICAR-STANDARD',
  '-ANTIVIRUS-TEST-FILE!$H+H*',
].join('');

type Tests = Record<string, () => Promise<unknown>>;

/**
 * Uses each connection that is configured once, all at the same time: every login of PostgreSQL, every
 * Valkey, the mail server's login, a file written, read and deleted, a virus found, the error tracker and
 * the trace collector with nothing to tell. Never throws.
 */
export async function testAllConnections(
  { config, parts }: Pick<CommandApp, 'config' | 'parts'>,
  { timeoutMs = 10_000 }: { timeoutMs?: number } = {},
): Promise<Record<string, ConnectionTest>> {
  const tests: Tests = {
    ...databaseTests(config, timeoutMs),
    ...valkeyTests(config, parts.connectValkey),
    storage: () => keepFile(parts.storage),
    mail: () => parts.mailer.verify(),
    ...watcherTests(config, timeoutMs),
    ...(config.antivirus.url && { antivirus: () => findVirus(config, timeoutMs) }),
  };
  const secrets = secretsOf(config);
  const asked = Object.entries(tests).map(
    async ([name, test]) => [name, await run(test, timeoutMs, secrets)] as const,
  );
  return Object.fromEntries(await Promise.all(asked));
}

function databaseTests({ database }: Config, timeoutMs: number): Tests {
  const urls = {
    postgres: database.url,
    'postgres as relay': database.relayUrl,
    'postgres as identity': database.identityUrl,
    'postgres as owner': database.migrationUrl,
  };
  const given = Object.entries(urls).filter((entry): entry is [string, string] => !!entry[1]);
  return Object.fromEntries(given.map(([name, url]) => [name, () => signIn(url, timeoutMs)]));
}

async function signIn(url: string, timeoutMs: number): Promise<void> {
  const sql = connect(url, { timeoutMs });
  try {
    await sql`select 1`;
  } finally {
    await sql.end({ timeout: 1 });
  }
}

function watcherTests({ errors: { dsn }, tracing }: Config, timeoutMs: number): Tests {
  return {
    ...(dsn && { 'error tracker': () => pingSentry(dsn, timeoutMs) }),
    ...(tracing && { 'trace collector': () => pingCollector(tracing, timeoutMs) }),
  };
}

function valkeyTests(
  { valkey }: Config,
  connectValkey: CommandApp['parts']['connectValkey'],
): Tests {
  const { url, cacheUrl, queueUrl, sessionUrl } = valkey;
  const places = [
    ['valkey', 'default', url],
    ['valkey for the cache', 'cache', cacheUrl],
    ['valkey for queues', 'queue', queueUrl],
    ['valkey for sessions', 'session', sessionUrl],
  ] as const;
  const own = places.filter(([, purpose, place]) => purpose === 'default' || place !== url);
  return Object.fromEntries(
    own.map(([name, purpose]) => [
      name,
      async () => {
        const open = connectValkey(purpose, 'command', 'test');
        try {
          await pingValkey(open, 3_000);
        } finally {
          open.disconnect();
        }
      },
    ]),
  );
}

async function keepFile(storage: CommandApp['parts']['storage']): Promise<void> {
  const key = `health/${crypto.randomUUID()}`;
  const text = 'written, read and deleted by a test of the connections';
  const source = new TextEncoder().encode(text);
  try {
    await storage.upload(key, source, { contentType: 'text/plain' });
    const read = await new Response(await storage.download(key)).text();
    if (read !== text) throw new Error('what was read is not what was written');
  } finally {
    await storage.delete(key);
  }
  if (await storage.exists(key)) throw new Error('what was deleted is still there');
}

async function findVirus({ antivirus }: Config, timeoutMs: number): Promise<void> {
  const strict = createAntivirus({
    ...antivirus,
    mode: 'fail-closed',
    responseTimeoutMs: timeoutMs,
  });
  const verdict = await strict.scan(new TextEncoder().encode(TEST_VIRUS));
  if (verdict.clean) throw new Error('it calls the test virus clean');
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
    return { healthy: false, latencyMs: latencyMs(), error: explain(error, secrets) };
  }
}

/** The chain of causes in one line. */
function explain(error: unknown, secrets: readonly string[]): string {
  const told: string[] = [];
  for (let e = error, depth = 0; e instanceof Error && depth < 4; e = e.cause, depth++) {
    if (!told.includes(e.message)) told.push(e.message || e.name);
  }
  const line = (told.join(': ') || String(error)).replaceAll(/\s+/g, ' ').slice(0, 300);
  return secrets.reduce((text, secret) => text.replaceAll(secret, '***'), line);
}

function secretsOf({ extra }: Config): string[] {
  const values = Object.entries(extra).flatMap(([name, value]) => {
    if (value && URL.canParse(value)) return [new URL(value).password];
    return value && isSecretName(name) ? [value] : [];
  });
  return values.filter((value) => value.length > 3);
}
