import { afterAll, expect, test } from 'bun:test';
import { connect } from '@insightdesk/shared/database';
import { openIsolatedDatabase } from '@insightdesk/shared/testing';

const { admin, url, relayUrl, close } = await openIsolatedDatabase();
const app = connect(url, { timeoutMs: 5_000 });
const relay = connect(relayUrl, { timeoutMs: 5_000 });
afterAll(async () => {
  await Promise.all([app.end(), relay.end()]);
  await close();
});

interface State {
  disabled?: boolean;
  dueInSeconds?: number | null;
  verified?: boolean;
}

/** An organization with one owner. */
async function createOrganization({ disabled, dueInSeconds = null, verified }: State) {
  const id = crypto.randomUUID();
  await admin`insert into organizations (id, name, disabled_at, delete_at) values (${id}, 'o',
    ${disabled ? new Date() : null}, now() + make_interval(secs => ${dueInSeconds}))`;
  await admin`insert into users (id, email, name, email_verified_at)
    values (${id}, ${`${id}@example.com`}, 'n', ${verified ? new Date() : null})`;
  await admin`insert into members (tenant_id, user_id, role) values (${id}, ${id}, 'owner')`;
  return id;
}

const start = (tenant: string, requestedBy: string) =>
  app.begin(async (sql) => {
    await sql`select set_config('app.tenant_id', ${tenant}, true)`;
    await sql`select app.start_deletion(${requestedBy}, 0, '')`;
  });

const countDeletions = async (tenant: string) =>
  (await relay`select 1 from tenant_deletions where organization_id = ${tenant}`).length;

test('the relay role cannot start a deletion or make an organization due', async () => {
  const id = await createOrganization({ disabled: true, dueInSeconds: -1, verified: true });
  for (const attempt of [
    relay`insert into tenant_deletions (organization_id, requested_by) values (${id}, 'desk')`,
    relay`select app.start_deletion('desk', 0, '')`,
    relay`update organizations set delete_at = now(), disabled_at = now()`,
    relay`update tenant_deletions set organization_id = ${id}`,
  ]) {
    await expect(attempt.execute()).rejects.toThrow('permission denied');
  }
  expect(await countDeletions(id)).toBe(0);
});

test.each<[string, State, string, boolean]>([
  ['live', {}, 'desk', false],
  ['due but enabled', { dueInSeconds: -1 }, 'desk', false],
  ['disabled and not due', { disabled: true }, 'desk', false],
  ['in its grace period', { disabled: true, dueInSeconds: 60 }, 'usr_1', false],
  ['disabled and due', { disabled: true, dueInSeconds: -1 }, 'usr_1', true],
  ['unverified and claimed', { disabled: true, dueInSeconds: 60 }, 'unverified', true],
  ['verified', { disabled: true, dueInSeconds: 60, verified: true }, 'unverified', false],
])('the app role, an organization that is %s: %p, %s: deletion starts: %p', async (...row) => {
  const [, state, requestedBy, starts] = row;
  const id = await createOrganization(state);
  if (starts) await start(id, requestedBy);
  else await expect(start(id, requestedBy)).rejects.toThrow('is not due for deletion');
  expect(await countDeletions(id)).toBe(starts ? 1 : 0);
});
