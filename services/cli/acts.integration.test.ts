import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { until } from '../../shared/testing/until.ts';
import { call, registerOwner } from '../../tests/e2e/client.ts';
import { runDesk } from './test-command.ts';

const folder = mkdtempSync(join(tmpdir(), 'acts-'));
afterAll(async () => {
  rmSync(folder, { recursive: true });
  await runDesk(['queues', 'resume', queue]);
});

// No service has a handler of this queue.
const queue = 'calendar-sync';
interface Entry {
  details: { act: string; target: string | null; by: string | null };
  actor: { kind: string; name?: string };
}

async function actsIn(token: string, count: number): Promise<Entry[]> {
  const list = async () =>
    (await call('GET', '/v1/audit?action=operator.acted', { token })).body.items as Entry[];
  await until(async () => (await list()).length >= count, { timeoutMs: 10_000 });
  return (await list()).toReversed();
}

test('the audit log of an organization records operator commands with the operator', async () => {
  const owner = await registerOwner();
  const { organizationId: id, token } = owner;
  expect((await runDesk(['organizations', 'export', id, folder])).code).toBe(0);
  expect((await runDesk(['organizations', 'quota', id, 'seats', '7'])).code).toBe(0);
  const entries = await actsIn(token, 2);
  expect(entries.map(({ details }) => [details.act, details.target])).toEqual([
    ['organizations export', folder],
    ['organizations quota', 'seats 7'],
  ]);
  for (const { actor, details } of entries) {
    expect(actor).toEqual({ kind: 'system', name: 'desk' });
    expect(details.by).toMatch(/./);
  }
});

test('the audit log of the operator organization records global commands, except reads', async () => {
  const owner = await registerOwner();
  const env = { ...process.env, OPERATOR_ORGANIZATION_ID: owner.organizationId };
  const desk = (...words: string[]) => runDesk(words, env);
  await until(
    async () => (await desk('schedules', 'list')).output.includes('retention.delete-old-events'),
    {
      timeoutMs: 20_000,
    },
  );
  await desk('queues', 'list');
  for (const words of [
    ['queues', 'pause', queue],
    ['schedules', 'resume', 'retention.delete-old-events'],
  ]) {
    expect((await desk(...words)).code).toBe(0);
  }
  const acts = (await actsIn(owner.token, 2)).map(
    ({ details }) => `${details.act} ${details.target}`,
  );
  expect(acts).toEqual([`queues pause ${queue}`, 'schedules resume retention.delete-old-events']);
  const { output } = await desk('audit', 'acts');
  expect(output.split('\n')[0]).toMatch(
    /^\d{4}-.*Z {2}\S+ {2}schedules resume {2}retention.delete-old-events$/,
  );
});

test('operator commands are recorded in the chain without an organization if none is configured', async () => {
  const env = { ...process.env, OPERATOR_ORGANIZATION_ID: undefined };
  const desk = (...words: string[]) => runDesk(words, env);
  expect((await desk('queues', 'resume', queue)).code).toBe(0);
  await until(
    async () => (await desk('audit', 'acts')).output.includes(`queues resume  ${queue}`),
    { timeoutMs: 20_000 },
  );
  const { output } = await desk(
    'audit',
    'verify',
    '--organization',
    'org_00000000000000000000000000',
  );
  expect(output).toMatch(/^org_0{26} \d+ [0-9a-f]{64} OK\n$/);
});
