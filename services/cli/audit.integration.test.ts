import { afterAll, expect, test } from 'bun:test';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { testEnvironment } from '@insightdesk/shared/testing';
import { until } from '../../shared/testing/until.ts';
import { call, registerOwner } from '../../tests/e2e/client.ts';
import { runDesk } from './test-command.ts';

const admin = connect(testEnvironment.adminUrl, { timeoutMs: 5_000 });
const noted = join(tmpdir(), `${crypto.randomUUID()}.heads`);
afterAll(async () => {
  await admin.end();
  await Bun.file(noted).delete();
});

const desk = (...words: string[]) => runDesk(['audit', ...words]);

async function openAudited() {
  const owner = await registerOwner();
  const webhook = { url: 'https://example.com/hook', events: ['*'] };
  await call('POST', '/v1/webhooks', { token: owner.token, body: webhook });
  const list = () => call('GET', '/v1/audit?action=webhook.created', { token: owner.token });
  await until(async () => (await list()).body.items.length, { equals: 1, timeoutMs: 10_000 });
  return owner.organizationId;
}

test('audit verify reports each chain and compares it with stored heads', async () => {
  const organization = await openAudited();
  const before = await desk('verify', '--organization', organization);
  expect(before.output).toMatch(new RegExp(`^${organization} \\d+ [0-9a-f]{64} OK\n$`));
  expect(before.code).toBe(0);
  await Bun.write(noted, before.output);
  expect((await desk('verify', '--compare', noted)).code).toBe(0);
  const all = await desk('verify');
  expect(all.output).toContain(before.output);
  await admin`delete from audit_entries
    where tenant_id = ${toUuid(organization as Id)} and action = 'webhook.created'`;
  for (const words of [[], ['--organization', organization], ['--compare', noted]]) {
    const { code, output } = await desk('verify', ...words);
    expect(code).toBe(1);
    expect(output).toMatch(new RegExp(`${organization} \\d+ [0-9a-f]{64} BROKEN: `));
  }
});
