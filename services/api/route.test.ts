import { describe, expect, test } from 'bun:test';
import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { ConflictError, type Problem } from '@insightdesk/shared/errors';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { del, get, patch, post } from './route.ts';
import { createTestApi } from './testing/test-api.ts';

const thing = z.object({ id: z.string(), name: z.string() });
const id = newId('tsk');

const rename = defineAction({
  summary: 'Rename a thing',
  input: z.strictObject({ id: idSchema('tsk'), name: z.string().max(20) }),
  output: thing,
  allow: 'conversations:manage',
  transaction: 'own',
  run: async (_, input) => input,
});

const search = defineAction({
  summary: 'Search things',
  input: z.strictObject({
    limit: z.coerce.number().int().min(1).max(100).default(25),
    tags: z.array(z.string()).optional(),
  }),
  output: z.object({ limit: z.number(), tags: z.array(z.string()).optional() }),
  allow: 'conversations:read',
  transaction: 'own',
  run: async (_, input) => input,
});

const create = defineAction({
  summary: 'Create a thing',
  input: z.strictObject({ name: z.string() }),
  output: z.object({ thing, isNew: z.boolean() }),
  allow: 'conversations:read',
  transaction: 'own',
  run: async (_, { name }) => {
    if (name === 'taken') throw new ConflictError('The name is taken', { code: 'NAME_TAKEN' });
    return { thing: { id, name }, isNew: name !== 'known' };
  },
});

const remove = defineAction({
  summary: 'Delete a thing',
  input: z.strictObject({ id: idSchema('tsk') }),
  output: z.void(),
  allow: 'conversations:read',
  transaction: 'own',
  run: async () => {},
});

const login = defineAction({
  summary: 'Sign in',
  input: z.strictObject({}),
  output: z.object({ actor: z.string() }),
  allow: 'anyone',
  run: async ({ actor }) => ({ actor: actor.kind }),
});

const { request } = createTestApi([
  get('/things', search),
  post('/things', create, {
    status: ({ isNew }) => (isNew ? 201 : 200),
    body: (result) => result.thing,
    responses: { 200: thing, 201: thing },
  }),
  patch('/things/:id', rename),
  del('/things/:id', remove),
  post('/login', login),
]);

const owner = { token: 'owner' as const };

async function problemOf(answer: Response | Promise<Response>) {
  const response = await answer;
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  const problem = (await response.json()) as Problem;
  expect(problem.status).toBe(response.status);
  expect(response.headers.get('X-Request-Id')).toBe(problem.requestId);
  return problem;
}

describe('input', () => {
  test('PATCH: path parameters and body are one input', async () => {
    const response = await request('PATCH', `/things/${id}`, { ...owner, body: { name: 'new' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe('application/json');
    expect(await response.json()).toEqual({ id, name: 'new' });
  });

  test('GET: the action coerces the query; a repeated parameter is a list', async () => {
    const response = await request('GET', '/things?limit=7&tags=a&tags=b', owner);
    expect(await response.json()).toEqual({ limit: 7, tags: ['a', 'b'] });
    expect(await (await request('GET', '/things', owner)).json()).toEqual({ limit: 25 });
  });

  test.each([
    ['an extra field', { name: 'x', color: 'red' }, 'color', 'Unknown field'],
    ['a field that is a path parameter', { name: 'x', id }, 'id', 'Unknown field'],
    ['a prototype', '{"name":"x","__proto__":{"a":1}}', '__proto__', 'Unknown field'],
    ['a constructor', { name: 'x', constructor: 1 }, 'constructor', 'Unknown field'],
    ['a missing field', {}, 'name', 'Invalid input: expected string, received undefined'],
    ['no body', undefined, 'name', 'Invalid input: expected string, received undefined'],
  ])('PATCH: %s is 422', async (_, body, path, message) => {
    const problem = await problemOf(request('PATCH', `/things/${id}`, { ...owner, body }));
    expect(problem).toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
    expect(problem.errors).toEqual([{ path, message }]);
  });

  test('PATCH: every invalid field is in errors', async () => {
    const body = { name: 7, color: 'red' };
    const problem = await problemOf(request('PATCH', `/things/${id}`, { ...owner, body }));
    expect(problem.errors?.map(({ path }) => path)).toEqual(['name', 'color']);
  });

  test.each(['?limit=0', '?limit=x', '?limit=', '?color=red', '?limit=1&limit=2&limit=x'])(
    'GET: query %s is 422',
    async (query) => {
      expect(await problemOf(request('GET', `/things${query}`, owner))).toMatchObject({
        status: 422,
      });
    },
  );

  test.each(['tsk_1', 'cnv_01h2xcejqtf2nbrexx3vqjhp41', '%00', '__proto__', 'x%'])(
    'PATCH: path id %s is 404',
    async (wrong) => {
      const answer = request('PATCH', `/things/${wrong}`, { ...owner, body: { name: 'x' } });
      expect(await problemOf(answer)).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    },
  );

  test('POST: 413 by Content-Length, before authentication', async () => {
    const headers = { 'Content-Length': '1001' };
    const answer = request('POST', '/things', { body: {}, headers });
    expect(await problemOf(answer)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });
});

describe('response', () => {
  test('POST: the status depends on the result', async () => {
    const created = await request('POST', '/things', { ...owner, body: { name: 'new' } });
    expect(created.status).toBe(201);
    expect(await created.json()).toEqual({ id, name: 'new' });
    expect((await request('POST', '/things', { ...owner, body: { name: 'known' } })).status).toBe(
      200,
    );
  });

  test('DELETE: 204 has no body', async () => {
    const response = await request('DELETE', `/things/${id}`, owner);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(response.headers.get('Content-Type')).toBeNull();
  });

  test('POST: an error of the action keeps its code', async () => {
    const answer = request('POST', '/things', { ...owner, body: { name: 'taken' } });
    expect(await problemOf(answer)).toMatchObject({ status: 409, code: 'NAME_TAKEN' });
  });

  test('HEAD: responds like GET without a body', async () => {
    const response = await request('HEAD', '/things', owner);
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Length')).toBe('12');
    expect(await response.text()).toBe('');
  });
});

describe('authentication', () => {
  test('POST: 401 without credentials, before the body is read', async () => {
    const answer = request('POST', '/things', { body: '{"name":' });
    const problem = await problemOf(answer);
    expect(problem).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    expect((await answer).headers.get('WWW-Authenticate')).toBe('Bearer');
  });

  test('GET: 401 with an expired token', async () => {
    const answer = request('GET', '/things', { token: 'expired' });
    expect(await problemOf(answer)).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' });
  });

  test('PATCH: 403 without the permission', async () => {
    const answer = request('PATCH', `/things/${id}`, { token: 'customer', body: { name: 'x' } });
    expect(await problemOf(answer)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  test('POST /login: an expired token is ignored', async () => {
    const response = await request('POST', '/login', { token: 'expired' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ actor: 'anonymous' });
  });
});

describe('routing', () => {
  test('GET: an unknown path is 404', async () => {
    expect(await problemOf(request('GET', '/nowhere'))).toMatchObject({
      status: 404,
      code: 'NOT_FOUND',
    });
  });

  test('PATCH: an unsupported method is 405 with Allow', async () => {
    const answer = request('PATCH', '/things', owner);
    expect(await problemOf(answer)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect((await answer).headers.get('Allow')).toBe('GET, POST, HEAD');
  });
});
