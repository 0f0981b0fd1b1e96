import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { disableOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { createIdempotency } from '@insightdesk/shared/idempotency';
import { newId } from '@insightdesk/shared/utils';
import { Validator } from '@seriousme/openapi-schema-validator';
import type { Route } from '../../route.ts';
import { routes } from '../../routes.ts';
import { createIntegrationApi, type RequestOptions } from '../../testing/integration-api.ts';
import { bodies, fileForm, pathOf, validRequest, routeName, takesJson } from '../../testing/requests.ts';

const api = createIntegrationApi();
let owner: string;
beforeAll(async () => {
  ({ owner } = await api.createTenant());
});
afterAll(() => api.close());

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const forMembers = routes.filter(({ allow }) => allow !== 'anyone');
const withJson = routes.filter(takesJson);
const claimsOf = async (token: string) => api.context.security.tokens.verifyAccess(token);

/** A request with which nothing is wrong but what is changed about it. */
function request(route: Route, more: RequestOptions = {}, id?: string) {
  const { path, ...usual } = validRequest(route, id);
  return api.request(route.method, path, { as: owner, ...usual, ...more });
}

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(api.conformance.document));
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  expect(validator.version).toBe('3.1');
});

test('every route belongs to a test file that sees all it promises', async () => {
  const claimed: string[] = [];
  for await (const path of new Bun.Glob('**/*.integration.test.ts').scan(import.meta.dir)) {
    const source = await Bun.file(`${import.meta.dir}/${path}`).text();
    for (const [claim] of source.matchAll(/^testPromises\(\s*api,[^;]+\);$/gm)) {
      claimed.push(...claim.matchAll(/'([^']+)'/g).map(([, below = '']) => below));
    }
  }
  const isClaimed = (path: string) => claimed.some((below) => `${path}/`.startsWith(`${below}/`));
  expect(routes.filter(({ path }) => !isClaimed(path)).map(routeName)).toEqual([]);
});

describe('without a token', () => {
  for (const route of forMembers) {
    test(routeName(route), async () => {
      const response = await api.request(route.method, pathOf(route, 'nobody'));
      expect(response.status).toBe(401);
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
    });
  }
});

describe('with a forged token', () => {
  for (const route of forMembers) {
    test(routeName(route), async () => {
      const as = `${owner.slice(0, -4)}AAAA`;
      const response = await api.request(route.method, pathOf(route, 'nobody'), { as });
      expect(response.status).toBe(401);
      expect(await codeOf(response)).toBe('TOKEN_INVALID');
    });
  }
});

describe('by a member of a disabled organisation', () => {
  let shutOut: string;
  beforeAll(async () => {
    ({ owner: shutOut } = await api.createTenant());
    const { tenantId } = await claimsOf(shutOut);
    const actor = { kind: 'system', name: 'test' } as const;
    await disableOrganization({ ...api.context, actor, tenantId });
  });

  for (const route of forMembers) {
    test(routeName(route), async () => {
      const response = await request(route, { as: shutOut });
      expect(response.status).toBe(403);
      expect(await codeOf(response)).toBe('ORGANIZATION_DISABLED');
    });
  }
});

describe('with an id that cannot be one', () => {
  for (const route of routes.filter(({ path }) => path.includes(':'))) {
    test(routeName(route), async () => {
      const response = await request(route, {}, 'nobody');
      expect(response.status).toBe(404);
      expect(await codeOf(response)).toBe('NOT_FOUND');
    });
  }
});

describe('with a body that is', () => {
  for (const route of withJson) {
    const send = (body: string, type = 'application/json') =>
      request(route, { body, headers: { 'Content-Type': type } });

    test(`malformed: ${routeName(route)}`, async () => {
      const response = await send('{"a":');
      expect(response.status).toBe(400);
      expect(await codeOf(response)).toBe('MALFORMED_JSON');
    });

    test(`not JSON: ${routeName(route)}`, async () => {
      expect((await send('a=1', 'text/plain')).status).toBe(415);
    });

    test(`a list: ${routeName(route)}`, async () => {
      expect((await send('[]')).status).toBe(422);
    });

    test(`too large: ${routeName(route)}`, async () => {
      const { jsonLimitBytes } = api.options.config.http;
      const response = await send(`"${'x'.repeat(jsonLimitBytes)}"`);
      expect(response.status).toBe(413);
      expect(await codeOf(response)).toBe('PAYLOAD_TOO_LARGE');
    });
  }

  const withFile = routes.filter(({ body, protocol }) => body && !protocol);
  test.each([
    ['malformed', 'multipart/form-data', {}, 400],
    ['no file', 'text/plain', {}, 415],
    ['too large', 'multipart/form-data', { 'Content-Length': '1e10' }, 413],
  ])('a file: %s', async (_, type, more, status) => {
    const headers = { 'Content-Type': type, ...more };
    for (const route of withFile) {
      expect((await request(route, { body: 'x', headers })).status).toBe(status);
    }
  });
});

describe('with a field that nobody knows', () => {
  /** A provider adds to the URL of its callback what it likes, but not so much. */
  const isProviders = ({ path }: Route) => path.endsWith('/callback');

  /** In the body, or else in the query. */
  function withField(route: Route): RequestOptions & { path: string } {
    const { path, ...usual } = validRequest(route);
    if (takesJson(route)) return { path, body: { nobody: 1 } };
    if (route.body && !route.protocol) return { path, body: fileForm('text', 'nobody') };
    return { ...usual, path: `${path.split('?')[0]}?nobody=1` };
  }

  for (const route of routes.filter((one) => !isProviders(one))) {
    test(routeName(route), async () => {
      const { path, ...asked } = withField(route);
      const response = await api.request(route.method, path, { as: owner, ...asked });
      expect(response.status).toBe(422);
      const { errors } = (await response.json()) as { errors: unknown };
      expect(errors).toContainEqual({ path: 'nobody', message: 'Unknown field' });
    });
  }

  test.each(routes.filter(isProviders).map((route) => [routeName(route), route] as const))(
    '%s, too much of it',
    async (_, { method, path }) => {
      const response = await api.request(method, `${path}?nobody=${'1'.repeat(8_000)}`);
      expect(response.status).toBe(422);
    },
  );
});

describe('while the same is being done', () => {
  /** Takes a request as the API does, and gives no answer to it. */
  async function begin(key: string, fingerprint: string[], isMember: boolean) {
    const { tenantId, userId, role } = await claimsOf(owner);
    const caller = isMember
      ? { tenantId, actor: { kind: 'user' as const, userId, role, sessionId: newId('ses') } }
      : { actor: { kind: 'anonymous' as const } };
    const nothing = () => ({ status: 204, body: null, headers: {} });
    const idempotency = createIdempotency({ ...api.context, ...caller }, { key, fingerprint: words }, nothing);
    await api.context.database.write(isMember ? { tenantId } : {}, async (tx) => idempotency.reserve(tx));
  }
  /** What else is compared of a file: its name, its type and its hash. */
  const hash = new Bun.CryptoHasher('sha256').update('text').digest('hex');
  const ofFile = ['', 'note.txt', 'text/plain', hash];

  for (const route of routes.filter(({ method, protocol }) => method !== 'GET' && !protocol)) {
    test(routeName(route), async () => {
      const id = newId('evt');
      const { path, body, ...usual } = validRequest(route);
      const fingerprint = route.body ? ofFile : [JSON.stringify(body ?? {})];
      await begin(id, [route.method, path, '', ...fingerprint], route.allow !== 'anyone');
      const headers = { 'Idempotency-Key': id };
      const as = route.allow === 'anyone' ? undefined : owner;
      const response = await api.request(route.method, path, { as, body, ...usual, headers });
      expect(response.status).toBe(409);
      expect(await codeOf(response)).toBe('IDEMPOTENCY_IN_FLIGHT');
    });
  }
});

describe('about a version that is no more', () => {
  for (const route of routes.filter(({ requiresIfMatch }) => requiresIfMatch)) {
    test(routeName(route), async () => {
      const path = route.path.replace('/:id', '');
      const made = await api.request('POST', path, { as: owner, body: bodies[`POST ${path}`] });
      const { id } = (await made.json()) as { id: string };
      const response = await request(route, { headers: { 'If-Match': '"0"' } }, id);
      expect(response.status).toBe(412);
      expect(await codeOf(response)).toBe('PRECONDITION_FAILED');
    });
  }
});

describe('beyond the limit of an address', () => {
  const limited = createIntegrationApi({ windowMs: 600_000, maxRequests: 1, patienceMs: 10_000 });
  const from = { requestIP: () => ({ address: '2001:db8:429::1' }) };
  beforeAll(() => limited.app.request('/openapi.json', {}, from));
  afterAll(() => limited.close());

  for (const route of routes) {
    test(routeName(route), async () => {
      const { method } = route;
      const response = await limited.app.request(pathOf(route), { method }, from);
      expect(response.status).toBe(429);
      await api.conformance.check(route, response);
    });
  }
});

test('every problem that is promised was seen, but for those of tus, which its own tests see', () => {
  expect(api.conformance.findUnseenErrors()).toEqual([]);
});
