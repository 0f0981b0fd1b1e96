import { afterAll, expect, test } from 'bun:test';
import { toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { createSecrets } from '@insightdesk/shared/security';
import { createTestContext, createTestTenant, testEnvironment } from '@insightdesk/shared/testing';
import { addWebhook, renewSecrets, rotateSecret } from './index.ts';
import { readKeys } from './kept-secret.ts';

const { context, config, close } = createTestContext();
const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
afterAll(() => Promise.all([close(), admin.end()]));

const wanted = { url: 'https://hooks.example.com/in', events: ['*'] };
const stored = async (id: string) => {
  const [row] = await admin`
    select secret, previous_secret from webhooks where id = ${toUuid(id as never)}`;
  return [row?.secret, row?.previous_secret] as string[];
};

test('secrets of webhooks are kept encrypted, and open for their organisation alone', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const stranger = await createTestTenant(context);
  const { id, secret } = await addWebhook(owner, wanted);
  const { secret: next } = await rotateSecret(owner, { id });
  const kept = await stored(id);
  expect(kept.join(' ')).not.toContain('whsec_');
  expect(kept.map((one) => readKeys({ ...context, tenantId }, one)[0])).toEqual([next, secret]);
  const signing = kept.map((one) => readKeys({ ...context, tenantId }, one)[1]);
  expect(signing).toEqual([expect.stringMatching(/^whsk_/), expect.stringMatching(/^whsk_/)]);
  const theirs = { ...context, tenantId: stranger.tenantId };
  expect(() => readKeys(theirs, kept[0] ?? '')).toThrow('does not open');
});

test('another key takes over what the former one sealed, and what was never sealed', async () => {
  const { owner, tenantId } = await createTestTenant(context);
  const [sealed, plain] = [await addWebhook(owner, wanted), await addWebhook(owner, wanted)];
  await admin`update webhooks set secret = ${plain.secret} where id = ${toUuid(plain.id)}`;
  const before = createSecrets(config.auth.encryptionKey);
  expect(before.isCurrent((await stored(sealed.id))[0] ?? '')).toBe(true);
  const secrets = createSecrets('a key that is new, and long enough', [config.auth.encryptionKey]);
  const actor = { kind: 'system', name: 'test' } as const;
  const system = { ...context, security: { ...context.security, secrets }, actor, tenantId };
  expect(await renewSecrets(system)).toBe(2);
  expect(await renewSecrets(system)).toBe(0);
  for (const { id, secret } of [sealed, plain]) {
    const [kept = ''] = await stored(id);
    expect(secrets.isCurrent(kept)).toBe(true);
    expect(readKeys(system, kept)[0]).toBe(secret);
  }
  await admin`delete from webhooks where tenant_id = ${toUuid(tenantId)}`;
});
