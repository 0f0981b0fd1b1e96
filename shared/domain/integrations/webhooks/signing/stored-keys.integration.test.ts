import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createEncryption } from '@insightdesk/shared/security';
import { createTestContext, createTestTenant, testEnvironment } from '@insightdesk/shared/testing';
import { createWebhook, resealSecrets, rotateSecret } from '../index.ts';
import { openKeys } from './stored-keys.ts';

const { context, config, close } = createTestContext();
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
afterAll(() => Promise.all([close(), admin.end()]));

const wanted = { url: 'https://hooks.example.com/in', events: ['*'] };
const stored = async (id: string) => {
  const [row] = await admin`
    select secret, previous_secret from webhooks where id = ${toUuid(id as never)}`;
  return [row?.secret, row?.previous_secret] as string[];
};

test('webhook secrets are stored encrypted and decrypt for their organization only', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const other = await createTestTenant(context);
  const { id, secret } = await createWebhook(owner, wanted);
  const { secret: next } = await rotateSecret(owner, { id });
  const rows = await stored(id);
  expect(rows.join(' ')).not.toContain('whsec_');
  expect(rows.map((text) => openKeys({ ...context, tenantId }, text)[0])).toEqual([next, secret]);
  const signing = rows.map((text) => openKeys({ ...context, tenantId }, text)[1]);
  expect(signing).toEqual([expect.stringMatching(/^whsk_/), expect.stringMatching(/^whsk_/)]);
  const theirs = { ...context, tenantId: other.tenantId };
  expect(() => openKeys(theirs, rows[0] ?? '')).toThrow('Decrypting a secret');
});

test('resealSecrets encrypts rows of the former key and plain rows with the current key', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const [sealed, plain] = [await createWebhook(owner, wanted), await createWebhook(owner, wanted)];
  await admin`update webhooks set secret = ${plain.secret} where id = ${toUuid(plain.id)}`;
  const before = createEncryption(config.auth.encryptionKey);
  expect(before.isCurrent((await stored(sealed.id))[0] ?? '')).toBe(true);
  const secrets = createEncryption('a key that is new, and long enough', [
    config.auth.encryptionKey ?? '',
  ]);
  const actor = { kind: 'system', name: 'test' } as const;
  const system = {
    ...context,
    security: { ...context.security, encryption: secrets },
    actor,
    tenantId,
  };
  expect(await resealSecrets(system)).toBe(2);
  expect(await resealSecrets(system)).toBe(0);
  for (const { id, secret } of [sealed, plain]) {
    const [text = ''] = await stored(id);
    expect(secrets.isCurrent(text)).toBe(true);
    expect(openKeys(system, text)[0]).toBe(secret);
  }
  await admin`delete from webhooks where tenant_id = ${toUuid(tenantId)}`;
});
