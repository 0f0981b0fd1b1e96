import { createAuthenticator } from '@insightdesk/shared/testing';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  createOrganization,
  createPhoto,
  type Person,
  password,
  run,
  upload,
} from '../e2e/client.ts';
import { collectIds, type Unlisted } from './collect-ids.ts';
import type { Operation } from './document.ts';
import { listIdParams } from './id-params.ts';
import { fill, send } from './requests.ts';
import { sample, valid } from './values.ts';

const TRIES = 12;

/** An organization with at least one of every resource, and its callers. */
export interface SeededOrganization {
  /** A word in all its texts and nowhere else. */
  mark: string;
  owner: Person;
  organizationId: string;
  conversationId: string;
  people: Record<'owner' | 'agent' | 'customer', Person>;
  /** A member with a passkey, who cannot log in with a password alone. */
  guarded: Person;
  unlisted: Unlisted;
  /** Tokens by caller. */
  callers: Record<string, string>;
}

async function post(token: string, path: string, body: unknown) {
  const answer = await call('POST', path, { token, body });
  if (answer.status >= 300) throw new Error(`POST ${path}: ${JSON.stringify(answer)}`);
  return answer.body;
}

/**
 * Creates an organization and fills it: related resources explicitly, the rest by calling each POST
 * route of a list that is still empty with a body that its schema accepts.
 */
export async function seedOrganization(
  operations: readonly Operation[],
): Promise<SeededOrganization> {
  const mark = `zebra${crypto.randomUUID().replaceAll('-', '')}`;
  const { owner, agent, absent, customer } = await createOrganization();
  const webhook = await post(owner.token, '/v1/webhooks', {
    url: `https://example.com/${mark}`,
    events: ['message.created'],
  });
  const file = await upload(customer.token, await createPhoto(), `${mark}.jpg`);
  const attached = { body: mark, attachmentIds: [(file.body as { id: string }).id] };
  const { id } = await post(customer.token, '/v1/conversations', { subject: mark, ...attached });
  await post(agent.token, `/v1/conversations/${id}/messages`, { body: mark });
  await post(owner.token, `/v1/conversations/${id}/messages`, { body: mark, kind: 'note' });
  await addPasskey(absent, mark);
  const key = await addKey(owner, mark);
  await addToEmptyLists(operations, owner, mark);
  await addExport(owner);
  const unlisted = { '/v1/uploads': await beginUpload(owner, mark) };
  const path = `/v1/webhooks/${webhook.id}`;
  await until(
    async () => {
      const { body } = await call('GET', `${path}/deliveries`, { token: owner.token });
      return body.items.length > 0;
    },
    { timeoutMs: 30_000 },
  );
  // The receiver does not exist; retries would change the state during the test.
  await call('PATCH', path, { token: owner.token, body: { enabled: false } });
  return {
    mark,
    owner,
    organizationId: owner.organizationId,
    conversationId: id,
    people: { owner, agent, customer },
    guarded: absent,
    unlisted,
    callers: { owner: owner.token, agent: agent.token, customer: customer.token, key },
  };
}

async function addPasskey({ token }: Person, mark: string) {
  const { origin, hostname: host } = new URL(run.url);
  const offer = await post(token, '/v1/auth/passkeys/options', { password });
  const response = createAuthenticator({ origin, host }).create(offer.options);
  await post(token, '/v1/auth/passkeys', { token: offer.token, response, name: mark });
}

/** The secret of an API key with every permission that a key may have. */
async function addKey({ token }: Person, name: string): Promise<string> {
  const table: { items: { name: string; roles: string[]; forKeys: boolean }[] } = (
    await call('GET', '/v1/permissions', { token })
  ).body;
  const permissions = table.items
    .filter(({ roles, forKeys }) => forKeys && roles.includes('admin'))
    .map((permission) => permission.name);
  return (await post(token, '/v1/api-keys', { name, permissions })).secret;
}

/** The id of a resumable upload, which only its uploader knows. */
async function beginUpload({ token }: Person, mark: string): Promise<string> {
  const filename = Buffer.from(mark).toString('base64');
  const headers = {
    'Tus-Resumable': '1.0.0',
    'Upload-Length': '10',
    'Upload-Metadata': `filename ${filename}`,
  };
  const answer = await call('POST', '/v1/uploads', { token, headers });
  if (answer.status !== 201) throw new Error(`POST /v1/uploads: ${JSON.stringify(answer)}`);
  return answer.headers.get('Location')?.split('/').at(-1) ?? '';
}

/** Exports are in no list; the audit log contains their ids. */
async function addExport({ token }: Person) {
  const { id } = await post(token, '/v1/organization/export', {});
  await until(
    async () => {
      const { body } = await call('GET', `/v1/organization/exports/${id}`, { token });
      return body.status === 'ready';
    },
    { timeoutMs: 60_000 },
  );
}

async function addToEmptyLists(operations: readonly Operation[], { token }: Person, mark: string) {
  const adds = ({ method, path, isPublic, body }: Operation) =>
    method === 'POST' &&
    body &&
    !isPublic &&
    operations.some((other) => other.method === 'GET' && other.path === path);
  for (const operation of operations.filter(adds)) {
    const own = await collectIds(operations, [token]);
    if (own.listed(operation.path)) continue;
    const values = listIdParams(operation)
      .filter((param) => param.in === 'path')
      .map((param) => [param, own.idsFor(operation, param)[0] ?? ''] as const);
    const known = { name: mark, subject: mark, body: mark };
    for (let tries = 0; tries < TRIES; tries++) {
      const body = sample(valid(operation.body ?? {}, { known, isBare: tries % 2 === 0 }));
      const { status } = await send(fill(operation, body, values), token);
      if (status < 300) break;
    }
  }
}
