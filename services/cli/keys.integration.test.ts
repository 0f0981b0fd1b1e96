import { afterAll, beforeAll, expect, test } from 'bun:test';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createIdentityKey } from '@insightdesk/shared/domain/identity/customer-sign-in';
import { createIdentityProvider } from '@insightdesk/shared/domain/identity/identity-providers';
import { reencryptTotpSecrets, verifyCode } from '@insightdesk/shared/domain/identity/mfa';
import {
  confirmTwoFactor,
  loadSigningKeys,
  rotateSigningKeys,
  startTwoFactor,
} from '@insightdesk/shared/domain/identity/users';
import { createWebhook, rotateSecret } from '@insightdesk/shared/domain/integrations/webhooks';
import { createEncryption, secretPurposes } from '@insightdesk/shared/security';
import {
  createTestContext,
  createTestDatabase,
  createTestTenant,
  testEnvironment,
  totpCode,
  userIdOf,
} from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import { reencryptions } from './reencrypt.ts';
import { runDesk } from './test-command.ts';

let server: Awaited<ReturnType<typeof createTestDatabase>>;
let stage: ReturnType<typeof createTestContext>;
beforeAll(async () => {
  server = await createTestDatabase();
  stage = createTestContext(server.url);
});
afterAll(async () => {
  await stage.close();
  await server.drop();
});

const password = 'a long enough password';
const former = testEnvironment.encryptionKey ?? '';
const next = 'another key, and one that is long enough';
const storedPurposes = Object.entries(secretPurposes).flatMap(([name, lifetime]) =>
  lifetime === 'stored' ? name : [],
);

const reencrypt = (variables: Record<string, string>) =>
  runDesk(['keys', 'reencrypt'], {
    ...process.env,
    DATABASE_URL: server.url,
    DATABASE_RELAY_URL: server.relayUrl,
    DATABASE_IDENTITY_URL: server.identityUrl,
    ...variables,
  });
const changed = { ENCRYPTION_KEY: next, ENCRYPTION_KEYS_PREVIOUS: former };

/** Each sealed text of the database, with the column that it stands in. */
async function sealedTexts() {
  const admin = connect(server.adminUrl, { timeoutMs: 5_000 });
  try {
    const columns = await admin<{ schema: string; name: string; column: string }[]>`
      select n.nspname as schema, c.relname as name, a.attname as column from pg_attribute a
      join pg_class c on c.oid = a.attrelid join pg_namespace n on n.oid = c.relnamespace
      where n.nspname in ('public', 'identity') and c.relkind in ('r', 'p') and a.attnum > 0
        and not a.attisdropped and a.atttypid in ('text'::regtype, 'jsonb'::regtype)`;
    const found: { place: string; text: string }[] = [];
    for (const { schema, name, column } of columns) {
      const rows = await admin`select ${admin(column)}::text as text
        from ${admin(schema)}.${admin(name)} where ${admin(column)}::text like '%sec1.%'`;
      found.push(...rows.map(({ text }) => ({ place: `${name}.${column}`, text: String(text) })));
    }
    return found;
  } finally {
    await admin.end();
  }
}

/** Sets a password, as a member does who accepts an invitation. */
async function givePassword(userId: Id<'usr'>) {
  const hash = await stage.context.security.passwords.hash(password);
  const admin = connect(server.adminUrl, { timeoutMs: 5_000 });
  await admin`insert into identity.credentials (user_id, password_hash)
    values (${toUuid(userId)}, ${hash})`;
  await admin.end();
}

/** One stored secret of each purpose; returns the secret of an authenticator app. */
async function seedSecrets() {
  const { owner, member } = await createTestTenant(stage.context);
  const { secret } = await startTwoFactor(owner, { password });
  await confirmTwoFactor(owner, { code: totpCode(secret) });
  const admin = await member('admin');
  await givePassword(userIdOf(admin));
  await startTwoFactor(admin, { password });
  const { id } = await createWebhook(owner, { url: 'https://hooks.example.com/', events: ['*'] });
  await rotateSecret(owner, { id });
  const provider = { name: 'P', issuer: 'https://login.example.com', clientId: 'us' };
  await createIdentityProvider(owner, { ...provider, clientSecret: 'what it knows us by' });
  await createIdentityKey(owner, { name: 'K', algorithm: 'HS256' });
  await rotateSigningKeys(stage.container, { maxTtlSeconds: 60 });
  return { owner, secret };
}

test('keys reencrypt: no stored secret needs the previous key any more', async () => {
  const { owner, secret } = await seedSecrets();
  const places = (await sealedTexts()).map(({ place }) => place).sort();
  expect(places).toEqual([
    'identity_keys.secret',
    'identity_providers.client_secret',
    'second_factors.pending_secret',
    'second_factors.totp_secret',
    'signing_keys.sealed',
    'webhooks.previous_secret',
    'webhooks.secret',
  ]);
  const first = await reencrypt(changed);
  expect(first).toMatchObject({ code: 0, errors: '' });
  expect(first.output).toBe(
    'signing-key: 1\nwebhook: 1\ntotp: 2\noauth-client: 1\nidentity-key: 1\n',
  );
  const alone = createEncryption(next);
  const after = await sealedTexts();
  expect(after.map(({ place }) => place).sort()).toEqual(places);
  expect(after.filter(({ text }) => !alone.isCurrent(text))).toEqual([]);
  const again = await reencrypt({ ENCRYPTION_KEY: next, ENCRYPTION_KEYS_PREVIOUS: '' });
  expect(again.output).toBe(
    'signing-key: 0\nwebhook: 0\ntotp: 0\noauth-client: 0\nidentity-key: 0\n',
  );

  const context = { ...stage.context, security: { ...stage.context.security, encryption: alone } };
  await verifyCode(context, userIdOf(owner), totpCode(secret, 1));
  expect(await loadSigningKeys(stage.container.identityDatabase, alone)).toHaveLength(3);
});

test('keys reencrypt fails without the key of a stored secret', async () => {
  const lost = {
    ENCRYPTION_KEY: 'a third key, also one that is long enough',
    ENCRYPTION_KEYS_PREVIOUS: '',
  };
  expect(await reencrypt(lost)).toMatchObject({
    code: 1,
    errors: expect.stringContaining('Unknown encryption key'),
  });
});

test('keys reencrypt continues after an interruption and covers every organization', async () => {
  const { context } = stage;
  const secrets = createEncryption(former);
  const people = Array.from({ length: 230 }, () => newId('usr'));
  const admin = connect(server.adminUrl, { timeoutMs: 5_000 });
  for (const id of people) {
    await admin`insert into users (id, email, name)
      values (${toUuid(id)}, ${`${id}@example.com`}, 'Somebody')`;
    await admin`insert into second_factors (user_id, totp_id, totp_secret)
      values (${toUuid(id)}, ${toUuid(id)}, ${secrets.encrypt('totp', 'GEZDGNBV', id)})`;
  }
  const current = createEncryption('yet another key that is long enough', [former, next]);
  let left = 120;
  const dying = {
    ...current,
    encrypt(...words: Parameters<typeof current.encrypt>) {
      if (left-- <= 0) throw new Error('stopped');
      return current.encrypt(...words);
    },
  };
  const stopped = reencryptTotpSecrets({
    ...context,
    security: { ...context.security, encryption: dying },
  });
  await expect(stopped).rejects.toThrow('stopped');
  const rest = await reencryptTotpSecrets({
    ...context,
    security: { ...context.security, encryption: current },
  });
  expect(rest).toBeGreaterThan(100);
  expect(rest).toBeLessThan(230);
  const rows = await admin`select user_id, totp_secret from second_factors
    where totp_secret is not null`;
  await admin.end();
  const outdated = rows.filter((row) => !current.isCurrent(row.totp_secret));
  expect([rows.length >= 230, outdated.length]).toEqual([true, 0]);
});

test('keys reencrypt: covers exactly the stored purposes', () => {
  expect(Object.keys(reencryptions).sort()).toEqual(storedPurposes.sort());
});
