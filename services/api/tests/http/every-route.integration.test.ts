import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import { disableOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { createIdempotency } from '@insightdesk/shared/idempotency';
import { newId } from '@insightdesk/shared/utils';
import { Validator } from '@seriousme/openapi-schema-validator';
import { type Route, takesIdempotencyKey } from '../../route.ts';
import { routes } from '../../routes.ts';
import { createIntegrationApi, type RequestOptions } from '../../testing/integration-api.ts';
import {
  bodies,
  fileForm,
  pathOf,
  routeName,
  takesJson,
  validRequest,
} from '../../testing/requests.ts';
import { isBelow, testedPaths } from '../../testing/tested-paths.ts';

const api = createIntegrationApi();
let owner: string;
beforeAll(async () => {
  ({ owner } = await api.createTenant());
});
afterAll(() => api.close());

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const authenticatedRoutes = routes.filter(({ allow }) => allow !== 'anyone');
const jsonRoutes = routes.filter(takesJson);
const claimsOf = async (token: string) => api.context.security.tokens.verifyAccess(token);

/** Sends a valid request to a route, with the given changes. */
function request(route: Route, changes: RequestOptions = {}, id?: string) {
  const { path, ...valid } = validRequest(route, id);
  return api.request(route.method, path, { as: owner, ...valid, ...changes });
}

test('OpenAPI: the document is valid 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(api.conformance.document));
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  expect(validator.version).toBe('3.1');
});

test('every route belongs to a feature in testing/tested-paths.ts', () => {
  const paths = Object.values(testedPaths).flat();
  const untested = routes.filter(({ path }) => !paths.some((parent) => isBelow(path, parent)));
  expect(untested.map(routeName)).toEqual([]);
});

describe('401 without a token', () => {
  for (const route of authenticatedRoutes) {
    test(routeName(route), async () => {
      const response = await api.request(route.method, pathOf(route, 'invalid'));
      expect(response.status).toBe(401);
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
    });
  }
});

describe('403 for members of a disabled organization', () => {
  let disabledOwner: string;
  beforeAll(async () => {
    ({ owner: disabledOwner } = await api.createTenant());
    const { tenantId } = await claimsOf(disabledOwner);
    const actor = { kind: 'system', name: 'test' } as const;
    await disableOrganization({ ...api.context, actor, tenantId });
  });

  for (const route of authenticatedRoutes) {
    test(routeName(route), async () => {
      const response = await request(route, { as: disabledOwner });
      expect(response.status).toBe(403);
      expect(await codeOf(response)).toBe('ORGANIZATION_DISABLED');
    });
  }
});

describe('404 for an invalid id in the path', () => {
  for (const route of routes.filter(({ path }) => path.includes(':'))) {
    test(routeName(route), async () => {
      // Any text up to 200 characters is a valid external id.
      const invalid = route.path.includes(':externalId') ? 'x'.repeat(201) : 'invalid';
      const response = await request(route, {}, invalid);
      expect(response.status).toBe(404);
      expect(await codeOf(response)).toBe('NOT_FOUND');
    });
  }
});

describe('4xx for an invalid body', () => {
  for (const route of jsonRoutes) {
    const send = (body: string, type = 'application/json') =>
      request(route, { body, headers: { 'Content-Type': type } });

    test(`malformed JSON is 400: ${routeName(route)}`, async () => {
      const response = await send('{"a":');
      expect(response.status).toBe(400);
      expect(await codeOf(response)).toBe('MALFORMED_JSON');
    });

    test(`text/plain is 415: ${routeName(route)}`, async () => {
      expect((await send('a=1', 'text/plain')).status).toBe(415);
    });

    test(`a JSON list is 422: ${routeName(route)}`, async () => {
      expect((await send('[]')).status).toBe(422);
    });

    test(`a body over the limit is 413: ${routeName(route)}`, async () => {
      const { jsonLimitBytes } = api.options.config.http;
      const response = await send(`"${'x'.repeat(jsonLimitBytes)}"`);
      expect(response.status).toBe(413);
      expect(await codeOf(response)).toBe('PAYLOAD_TOO_LARGE');
    });
  }

  const fileRoutes = routes.filter(({ body, protocol }) => body && !protocol);
  test.each([
    ['malformed', 'multipart/form-data', {}, 400],
    ['not multipart', 'text/plain', {}, 415],
    ['too large', 'multipart/form-data', { 'Content-Length': '1e10' }, 413],
  ])('upload routes: a body that is %s is rejected', async (_, type, extraHeaders, status) => {
    const headers = { 'Content-Type': type, ...extraHeaders };
    for (const route of fileRoutes) {
      expect((await request(route, { body: 'x', headers })).status).toBe(status);
    }
  });
});

describe('422 for an unknown field', () => {
  /** Identity providers add parameters of their own to the callback URL. */
  const isCallback = ({ path }: Route) => path.endsWith('/callback');

  /** A request with an unknown field in the body, or else in the query. */
  function withUnknownField(route: Route): RequestOptions & { path: string } {
    const { path, ...valid } = validRequest(route);
    if (takesJson(route)) return { path, body: { unknown: 1 } };
    if (route.body && !route.protocol) return { path, body: fileForm('text', 'unknown') };
    return { ...valid, path: `${path.split('?')[0]}?unknown=1` };
  }

  for (const route of routes.filter((one) => !isCallback(one))) {
    test(routeName(route), async () => {
      const { path, ...options } = withUnknownField(route);
      const response = await api.request(route.method, path, { as: owner, ...options });
      expect(response.status).toBe(422);
      const { errors } = (await response.json()) as { errors: unknown };
      expect(errors).toContainEqual({ path: 'unknown', message: 'Unknown field' });
    });
  }

  test.each(routes.filter(isCallback).map((route) => [routeName(route), route] as const))(
    '%s: a query over the size limit is 422',
    async (_, { method, path }) => {
      const response = await api.request(method, `${path}?unknown=${'1'.repeat(8_000)}`);
      expect(response.status).toBe(422);
    },
  );
});

describe('409 while a request with the same Idempotency-Key is running', () => {
  /** Reserves the key of a request without storing a response. */
  async function reserveKey(key: string, fingerprint: string[]) {
    const { tenantId, userId, role } = await claimsOf(owner);
    const actor = { kind: 'user' as const, userId, role, sessionId: newId('ses') };
    const toResponse = () => ({ status: 204, body: null, headers: {} });
    const idempotency = createIdempotency(
      { ...api.context, tenantId, actor },
      { key, fingerprint },
      toResponse,
    );
    await api.context.database.write({ tenantId }, async (tx) => idempotency.reserve(tx));
  }
  /** The fingerprint of a file: name, type and hash. */
  const hash = new Bun.CryptoHasher('sha256').update('text').digest('hex');
  const fileFingerprint = ['', 'note.txt', 'text/plain', hash];

  for (const route of routes.filter(takesIdempotencyKey)) {
    test(routeName(route), async () => {
      const id = newId('evt');
      const { path, body, ...valid } = validRequest(route);
      const fingerprint = route.body ? fileFingerprint : [JSON.stringify(body ?? {})];
      await reserveKey(id, [route.method, path, '', ...fingerprint]);
      const headers = { 'Idempotency-Key': id };
      const options = { as: owner, body, ...valid, headers };
      const response = await api.request(route.method, path, options);
      expect(response.status).toBe(409);
      expect(await codeOf(response)).toBe('IDEMPOTENCY_IN_FLIGHT');
    });
  }
});

/** Creates the resources of a path, each below the one before, and returns it with their ids. */
async function createResources({ path }: Route): Promise<string> {
  let [template, created] = ['', ''];
  for (const [, collection, param] of path.matchAll(/(.+?)(\/:\w+)/g)) {
    template += collection;
    const body = bodies[`POST ${template}`];
    const response = await api.request('POST', created + collection, { as: owner, body });
    const { id } = (await response.json()) as { id: string };
    created += `${collection}/${id}`;
    template += param;
  }
  return created;
}

describe('412 for an outdated ETag', () => {
  for (const route of routes.filter(({ requiresIfMatch }) => requiresIfMatch)) {
    test(routeName(route), async () => {
      const path = await createResources(route);
      const body = takesJson(route) ? bodies[routeName(route)] : undefined;
      const options = { as: owner, body, headers: { 'If-Match': '"0"' } };
      const response = await api.request(route.method, path, options);
      expect(response.status).toBe(412);
      expect(await codeOf(response)).toBe('PRECONDITION_FAILED');
    });
  }
});

describe('429 over the rate limit of an address', () => {
  const limited = createIntegrationApi({ windowMs: 600_000, maxRequests: 1, timeoutMs: 10_000 });
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

test('every documented error was received, except those of tus', () => {
  expect(api.conformance.findUnseenErrors()).toEqual([]);
});
