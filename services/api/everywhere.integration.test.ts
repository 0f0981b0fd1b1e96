import { afterAll, beforeAll, describe, expect, test } from 'bun:test';
import type { IdPrefix } from '@insightdesk/shared/contract';
import { disableOrganization } from '@insightdesk/shared/domain/tenants';
import { newId } from '@insightdesk/shared/utils';
import { Validator } from '@seriousme/openapi-schema-validator';
import { routes } from './routes.ts';
import { openTestDesk } from './test-desk.ts';

const desk = openTestDesk();
let owner: string;
beforeAll(async () => {
  ({ owner } = await desk.openTenant());
});
afterAll(() => desk.close());

const codeOf = async (response: Response) => ((await response.json()) as { code: string }).code;
const nameOf = ({ method, path }: { method: string; path: string }) => `${method} ${path}`;
const somewhere = (path: string, id = 'nobody') => path.replace(/:\w+/g, id);

const forMembers = routes.filter(({ allow }) => allow !== 'anyone');
/** What routes of tus cannot do without. */
const words: Record<string, string> = {
  'Tus-Resumable': '1.0.0',
  'Upload-Length': '5',
  'Upload-Offset': '0',
  'Content-Type': 'application/offset+octet-stream',
};
const spokenTo = ({ protocol, body }: (typeof routes)[number]) => ({
  ...(protocol && {
    headers: Object.fromEntries(
      Object.entries(words).filter(
        ([name]) => name in protocol.asks.shape || (body && name === 'Content-Type'),
      ),
    ),
    ...(body && { body: 'bytes' }),
  }),
});
const withJson = routes.filter(
  ({ method, body }) => (method === 'POST' || method === 'PATCH') && !body,
);

test('the document is valid OpenAPI 3.1', async () => {
  const validator = new Validator();
  const { valid, errors } = await validator.validate(structuredClone(desk.conformance.document));
  expect({ valid, errors }).toEqual({ valid: true, errors: undefined });
  expect(validator.version).toBe('3.1');
});

test('every route belongs to a test file that sees all it promises', async () => {
  const claimed: string[] = [];
  for await (const path of new Bun.Glob('**/*.integration.test.ts').scan(import.meta.dir)) {
    const source = await Bun.file(`${import.meta.dir}/${path}`).text();
    for (const [claim] of source.matchAll(/^testPromises\(\s*desk,[^;]+\);$/gm)) {
      claimed.push(...claim.matchAll(/'([^']+)'/g).map(([, below = '']) => below));
    }
  }
  const isClaimed = (path: string) => claimed.some((below) => `${path}/`.startsWith(`${below}/`));
  expect(routes.filter(({ path }) => !isClaimed(path)).map(nameOf)).toEqual([]);
});

describe('without a token', () => {
  for (const route of forMembers) {
    test(nameOf(route), async () => {
      const response = await desk.ask(route.method, somewhere(route.path));
      expect(response.status).toBe(401);
      expect(response.headers.get('WWW-Authenticate')).toBe('Bearer');
    });
  }
});

describe('with a forged token', () => {
  for (const route of forMembers) {
    test(nameOf(route), async () => {
      const as = `${owner.slice(0, -4)}AAAA`;
      const response = await desk.ask(route.method, somewhere(route.path), { as });
      expect(response.status).toBe(401);
      expect(await codeOf(response)).toBe('TOKEN_INVALID');
    });
  }
});

describe('by a member of a disabled organisation', () => {
  const prefixes = {
    members: 'usr',
    invitations: 'inv',
    sessions: 'ses',
    conversations: 'cnv',
    attachments: 'att',
    uploads: 'att',
    webhooks: 'whk',
    passkeys: 'pky',
    oauth: 'idp',
    'identity-providers': 'idp',
    roles: 'rol',
    'api-keys': 'key',
    organization: 'exp',
  };
  const passkey = {
    id: 'x',
    rawId: 'x',
    type: 'public-key',
    response: { clientDataJSON: 'x', attestationObject: 'x' },
  };
  const bodies: Record<string, object> = {
    'POST /v1/auth/two-factor': { password: 'x' },
    'POST /v1/auth/two-factor/confirm': { code: '123456' },
    'POST /v1/auth/two-factor/remove': { password: 'x', code: '123456' },
    'POST /v1/auth/two-factor/recovery-codes': { password: 'x', code: '123456' },
    'POST /v1/auth/passkeys/options': { password: 'x' },
    'POST /v1/auth/passkeys': { token: 'x', response: passkey },
    'PATCH /v1/auth/passkeys/:id': { name: 'x' },
    'POST /v1/auth/passkeys/:id/remove': { password: 'x' },
    'POST /v1/auth/oauth/:providerId/link': { password: 'x', redirectTo: 'https://x.example/' },
    'POST /v1/identity-providers': {
      name: 'x',
      issuer: 'https://x.example/',
      clientId: 'x',
      clientSecret: 'x',
    },
    'PATCH /v1/organization': { requireTwoFactor: true },
    'POST /v1/conversations': { subject: 'S', body: 'B' },
    'POST /v1/conversations/:id/messages': { body: 'B' },
    'POST /v1/invitations': { email: 'somebody@example.com', role: 'agent' },
    'POST /v1/auth/password': { currentPassword: 'x', password: 'a long enough password' },
    'POST /v1/auth/email': { password: 'x', email: 'somebody@example.com' },
    'POST /v1/auth/switch': { organizationId: newId('org') },
    'POST /v1/organizations': { name: 'Another' },
    'PATCH /v1/members/:userId': { role: 'agent' },
    'POST /v1/organization/erasure': { name: 'N', password: 'P' },
    'POST /v1/webhooks': { url: 'https://example.com/', events: ['*'] },
    'POST /v1/roles': { name: 'R', base: 'agent', permissions: [] },
    'POST /v1/api-keys': { name: 'K', permissions: ['members:read'] },
    'POST /v1/attachments/direct': { name: 'a', sizeBytes: 1 },
    'POST /v1/events': { name: 'email/send.requested', payload: {} },
    'POST /v1/webhooks/:id/replay': { since: new Date().toISOString() },
  };
  const queries: Record<string, string> = {
    'GET /v1/permissions/explain': '?permission=members:read',
  };
  let shutOut: string;
  beforeAll(async () => {
    ({ owner: shutOut } = await desk.openTenant());
    const { tenantId } = await desk.context.tokens.verifyAccess(shutOut);
    const actor = { kind: 'system', name: 'test' } as const;
    await disableOrganization({ ...desk.context, actor, tenantId });
  });

  for (const route of forMembers) {
    test(nameOf(route), async () => {
      const of = route.path.split('/')[route.path.includes('/auth/') ? 3 : 2] ?? '';
      const prefix = (prefixes as Record<string, IdPrefix>)[of] ?? 'cnv';
      const path = somewhere(route.path.replace(':deliveryId', newId('evt')), newId(prefix));
      const form = new FormData();
      form.append('file', new Blob(['text']), 'note.txt');
      const json = withJson.includes(route) ? (bodies[nameOf(route)] ?? {}) : undefined;
      const body = route.body ? form : json;
      const query = queries[nameOf(route)] ?? '';
      const response = await desk.ask(route.method, path + query, {
        as: shutOut,
        body,
        ...spokenTo(route),
      });
      expect(response.status).toBe(403);
      expect(await codeOf(response)).toBe('ORGANIZATION_DISABLED');
    });
  }
});

describe('with an id that cannot be one', () => {
  for (const route of forMembers.filter(({ path }) => path.includes(':'))) {
    test(nameOf(route), async () => {
      const body = withJson.includes(route) ? {} : undefined;
      const asked = { as: owner, body, ...spokenTo(route) };
      const response = await desk.ask(route.method, somewhere(route.path), asked);
      expect(response.status).toBe(404);
      expect(await codeOf(response)).toBe('NOT_FOUND');
    });
  }
});

describe('with a body that is', () => {
  for (const route of withJson) {
    const send = (body: string, type = 'application/json') =>
      desk.ask(route.method, somewhere(route.path), {
        as: owner,
        body,
        headers: { 'Content-Type': type },
      });

    test(`malformed: ${nameOf(route)}`, async () => {
      const response = await send('{"a":');
      expect(response.status).toBe(400);
      expect(await codeOf(response)).toBe('MALFORMED_JSON');
    });

    test(`not JSON: ${nameOf(route)}`, async () => {
      expect((await send('a=1', 'text/plain')).status).toBe(415);
    });

    test(`a list: ${nameOf(route)}`, async () => {
      expect((await send('[]')).status).toBe(422);
    });

    test(`too large: ${nameOf(route)}`, async () => {
      const { jsonLimitBytes } = desk.options.config.http;
      const response = await send(`"${'x'.repeat(jsonLimitBytes)}"`);
      expect(response.status).toBe(413);
      expect(await codeOf(response)).toBe('PAYLOAD_TOO_LARGE');
    });
  }
});

/** A provider adds to the URL of its callback what it likes. */
const isJudgedHere = ({ body, path }: (typeof routes)[number]) =>
  !body && !path.includes(':') && !path.endsWith('/callback');

describe('with a field that nobody knows', () => {
  for (const route of routes.filter(isJudgedHere)) {
    test(nameOf(route), async () => {
      const isRead = !withJson.includes(route);
      const path = isRead ? `${route.path}?nobody=1` : route.path;
      const body = isRead ? undefined : { nobody: 1 };
      const response = await desk.ask(route.method, path, { as: owner, body });
      expect(response.status).toBe(422);
      const { errors } = (await response.json()) as { errors: unknown };
      expect(errors).toContainEqual({ path: 'nobody', message: 'Unknown field' });
    });
  }
});
