import { createHmac, type KeyObject, sign } from 'node:crypto';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { connect } from '@insightdesk/shared/database';
import { digitsOf } from '@insightdesk/shared/domain/identity/customer-sign-in';
import { createTestDatabase } from '@insightdesk/shared/testing';
import { newId } from '@insightdesk/shared/utils';
import {
  createIntegrationApi,
  type IntegrationApi,
  type RequestOptions,
  type TestTenant,
} from './integration-api.ts';
import type { SignedIn } from './test-users.ts';

export interface IssuedKey {
  id: string;
  secret: string;
}

const encode = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

/** A JWT with any header, signed with a secret or an Ed25519 key. */
export function issueToken(claims: object, header: object, key: string | KeyObject): string {
  const alg = typeof key === 'string' ? 'HS256' : 'EdDSA';
  const body = `${encode({ alg, typ: 'JWT', ...header })}.${encode(claims)}`;
  const signature =
    typeof key === 'string'
      ? createHmac('sha256', key).update(body).digest()
      : sign(null, Buffer.from(body), key);
  return `${body}.${signature.toString('base64url')}`;
}

interface Requests {
  post(path: string, body: object, options?: RequestOptions): Promise<Response>;
  read<T = SignedIn>(response: Response | Promise<Response>): Promise<T>;
}

/** An organization with all methods of customer sign-in and an identity key. */
async function createCustomerOrganization(api: IntegrationApi, { post, read }: Requests) {
  const tokens = await api.createTenant();
  const { tenantId } = await api.context.security.tokens.verifyAccess(tokens.owner);
  const settings = { emailCodeSignIn: true, anonymousVisitors: true };
  await api.request('PATCH', '/v1/organization', { as: tokens.owner, body: settings });
  const createKey = (body: object = { name: 'Product', algorithm: 'HS256' }) =>
    read<IssuedKey>(post('/v1/identity-keys', body, { as: tokens.owner }));
  const key = await createKey();
  const claimsOf = (changes: object) => {
    const now = Math.floor(Date.now() / 1000);
    return { sub: 'u-1', aud: tenantId, iat: now, exp: now + 300, ...changes };
  };
  const issue = (changes: object = {}, by: IssuedKey = key) =>
    issueToken(claimsOf(changes), { kid: by.id }, by.secret);
  return { ...tokens, organizationId: tenantId, key, createKey, claimsOf, issue };
}

/** Requests of other resources that these tests make. */
function createResourceRequests(api: IntegrationApi, { post, read }: Requests) {
  const openConversation = async (as: string, subject: string) =>
    (await read<{ id: string }>(post('/v1/conversations', { subject, body: subject }, { as }))).id;

  /** The subjects that a customer can read. */
  async function subjectsOf(as: string): Promise<string[]> {
    const list = await api.request('GET', '/v1/conversations', { as });
    const { items } = await read<{ items: { subject: string }[] }>(list);
    return items.map(({ subject }) => subject).toSorted();
  }

  const getContact = async ({ agent }: TestTenant, id: string) =>
    read<{ id: Id<'usr'>; version: number; [name: string]: unknown }>(
      api.request('GET', `/v1/contacts/${id}`, { as: agent }),
    );

  async function createApiKey({ owner }: TestTenant, permissions: string[]) {
    const { secret } = await read<{ secret: string }>(
      post('/v1/api-keys', { name: 'Server', permissions }, { as: owner }),
    );
    return secret;
  }

  return { openConversation, subjectsOf, getContact, createApiKey };
}

/** The API on a database of its own, where no worker runs, with organizations for customer sign-in. */
export async function createCustomerApi() {
  const testDatabase = await createTestDatabase();
  const api = createIntegrationApi(undefined, {}, testDatabase.url);
  const admin = connect(testDatabase.adminUrl, { timeoutMs: 5_000 });

  const post = (path: string, body: object, options: RequestOptions = {}) =>
    api.request('POST', path, { ...options, body });
  const read = async <T = SignedIn>(response: Response | Promise<Response>) =>
    (await (await response).json()) as T;

  const createOrganization = () => createCustomerOrganization(api, { post, read });
  type Organization = Awaited<ReturnType<typeof createOrganization>>;

  const exchange = (identityToken: string, options: RequestOptions = {}) =>
    post('/v1/auth/customers', { identityToken }, options);
  const signIn = (organization: Organization, claims: object = {}, options: RequestOptions = {}) =>
    read(exchange(organization.issue(claims), options));
  const requestCode = ({ organizationId }: { organizationId: string }, email: string) =>
    post('/v1/auth/customers/code', { organizationId, email });
  const verifyCode = (
    { organizationId }: { organizationId: string },
    { as, ...body }: { email: string; code: string; as?: string; [name: string]: unknown },
  ) => post('/v1/auth/customers/code/verify', { organizationId, ...body }, { as });
  const visit = ({ organizationId }: { organizationId: string }, body: object = {}) =>
    post('/v1/auth/customers/anonymous', { organizationId, ...body });

  /** The digits of the live codes of an address, the newest first. */
  async function codesOf({ organizationId }: Organization, email: string): Promise<string[]> {
    const rows = await admin<{ id: string }[]>`select id from sign_in_codes
      where tenant_id = ${toUuid(organizationId)} and address = ${email} order by id desc`;
    return rows.map(({ id }) => digitsOf(api.context, fromUuid('sic', id)));
  }

  async function newCode(organization: Organization, email: string): Promise<string> {
    await requestCode(organization, email);
    const [code = ''] = await codesOf(organization, email);
    return code;
  }

  return {
    api,
    admin,
    post,
    read,
    createOrganization,
    exchange,
    signIn,
    requestCode,
    verifyCode,
    visit,
    codesOf,
    newCode,
    ...createResourceRequests(api, { post, read }),
    address: () => `${newId('usr')}@example.com`,
    statusOf: async (as: string) => (await api.request('GET', '/v1/me', { as })).status,
    async close() {
      await Promise.all([api.close(), admin.end()]);
      await testDatabase.drop();
    },
  };
}
