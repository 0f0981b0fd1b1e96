import { createAuthenticator } from '@insightdesk/shared/testing';
import { until } from '../../shared/testing/until.ts';
import {
  call,
  createOrganization,
  createPhoto,
  password,
  run,
  type TestUser,
  upload,
} from '../e2e/client.ts';
import { collectIds, type UnlistedIds } from './collect-ids.ts';
import type { Operation } from './document.ts';
import { listIdParams } from './id-params.ts';
import { buildRequest, send } from './requests.ts';
import { sample, validValues } from './values.ts';

const MAX_ATTEMPTS = 12;

/** An organization with at least one of every resource, and its callers. */
export interface SeededOrganization {
  /** A word in all of its texts that nothing else contains. */
  marker: string;
  owner: TestUser;
  organizationId: string;
  conversationId: string;
  people: Record<'owner' | 'agent' | 'customer', TestUser>;
  /** A member with a passkey, who cannot log in with a password alone. */
  passkeyUser: TestUser;
  unlisted: UnlistedIds;
  /** Tokens by caller. */
  callers: Record<string, string>;
}

async function post(token: string, path: string, body: unknown) {
  const response = await call('POST', path, { token, body });
  if (response.status >= 300) throw new Error(`POST ${path}: ${JSON.stringify(response)}`);
  return response.body;
}

/** Edits a message, so that it has a former text. */
async function edit(token: string, path: string, body: string) {
  const response = await call('PATCH', path, { token, body: { body } });
  if (response.status !== 200) throw new Error(`PATCH ${path}: ${JSON.stringify(response)}`);
}

/**
 * Creates an organization and fills it: related resources explicitly, the rest by calling each POST
 * route of a list that is still empty with a body that its schema accepts.
 */
export async function seedOrganization(
  operations: readonly Operation[],
): Promise<SeededOrganization> {
  const marker = `zebra${crypto.randomUUID().replaceAll('-', '')}`;
  const { owner, agent, absent, customer } = await createOrganization();
  const webhook = await post(owner.token, '/v1/webhooks', {
    url: `https://example.com/${marker}`,
    events: ['message.created'],
  });
  const file = await upload(customer.token, await createPhoto(), `${marker}.jpg`);
  const attached = { body: marker, attachmentIds: [(file.body as { id: string }).id] };
  const { id } = await post(customer.token, '/v1/conversations', { subject: marker, ...attached });
  const sent = await post(agent.token, `/v1/conversations/${id}/messages`, { body: marker });
  await edit(agent.token, `/v1/conversations/${id}/messages/${sent.id}`, `${marker} edited`);
  await post(owner.token, `/v1/conversations/${id}/messages`, { body: marker, kind: 'note' });
  await addPasskey(absent, marker);
  const key = await addKey(owner, marker);
  const contact = { externalId: marker, name: marker };
  await post(key, '/v1/conversations', { subject: marker, body: marker, contact });
  await addToEmptyLists(operations, owner, marker);
  const unlisted = { '/v1/uploads': await createUpload(owner, marker) };
  const path = `/v1/webhooks/${webhook.id}`;
  const hasDelivery = async () => {
    const { body } = await call('GET', `${path}/deliveries`, { token: owner.token });
    return body.items.length > 0;
  };
  await Promise.all([addExport(owner), until(hasDelivery, { timeoutMs: 30_000 })]);
  // The receiver does not exist; retries would change the state during the test.
  await call('PATCH', path, { token: owner.token, body: { enabled: false } });
  return {
    marker,
    owner,
    organizationId: owner.organizationId,
    conversationId: id,
    people: { owner, agent, customer },
    passkeyUser: absent,
    unlisted,
    callers: { owner: owner.token, agent: agent.token, customer: customer.token, key },
  };
}

async function addPasskey({ token }: TestUser, marker: string) {
  const { origin, hostname: host } = new URL(run.url);
  const ceremony = await post(token, '/v1/auth/passkeys/options', { password });
  const response = createAuthenticator({ origin, host }).create(ceremony.options);
  await post(token, '/v1/auth/passkeys', { token: ceremony.token, response, name: marker });
}

/** The secret of an API key with every permission that a key may have. */
async function addKey({ token }: TestUser, name: string): Promise<string> {
  const list: { items: { name: string; roles: string[]; forKeys: boolean }[] } = (
    await call('GET', '/v1/permissions', { token })
  ).body;
  const permissions = list.items
    .filter(({ roles, forKeys }) => forKeys && roles.includes('admin'))
    .map((permission) => permission.name);
  return (await post(token, '/v1/api-keys', { name, permissions })).secret;
}

/** The id of a resumable upload, which only its uploader knows. */
async function createUpload({ token }: TestUser, marker: string): Promise<string> {
  const filename = Buffer.from(marker).toString('base64');
  const headers = {
    'Tus-Resumable': '1.0.0',
    'Upload-Length': '10',
    'Upload-Metadata': `filename ${filename}`,
  };
  const response = await call('POST', '/v1/uploads', { token, headers });
  if (response.status !== 201) throw new Error(`POST /v1/uploads: ${JSON.stringify(response)}`);
  return response.headers.get('Location')?.split('/').at(-1) ?? '';
}

/** Exports are in no list; the audit log contains their ids. */
async function addExport({ token }: TestUser) {
  const { id } = await post(token, '/v1/organization/export', {});
  await until(
    async () => {
      const { body } = await call('GET', `/v1/organization/exports/${id}`, { token });
      return body.status === 'ready';
    },
    { timeoutMs: 60_000 },
  );
}

async function addToEmptyLists(
  operations: readonly Operation[],
  { token }: TestUser,
  marker: string,
) {
  const isCreate = ({ method, path, isPublic, body }: Operation) =>
    method === 'POST' &&
    body &&
    !isPublic &&
    operations.some((other) => other.method === 'GET' && other.path === path);
  let ownIds = await collectIds(operations, [token]);
  for (const operation of operations.filter(isCreate)) {
    if (ownIds.hasListed(operation.path)) continue;
    const values = listIdParams(operation)
      .filter((param) => param.in === 'path')
      .map((param) => [param, ownIds.idsFor(operation, param)[0] ?? ''] as const);
    const known = { name: marker, subject: marker, body: marker };
    for (let attempt = 0; attempt < MAX_ATTEMPTS; attempt++) {
      const body = sample(validValues(operation.body ?? {}, { known, isBare: attempt % 2 === 0 }));
      const { status } = await send(buildRequest(operation, body, values), token);
      if (status < 300) break;
    }
    ownIds = await collectIds(operations, [token]);
  }
}
