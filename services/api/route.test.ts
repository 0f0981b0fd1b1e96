import { describe, expect, test } from 'bun:test';
import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { ConflictError, type Problem } from '@insightdesk/shared/errors';
import { newId } from '@insightdesk/shared/utils';
import { z } from 'zod';
import { del, get, patch, post } from './route.ts';
import { openTestApi } from './testing/test-api.ts';

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

const make = defineAction({
  summary: 'Make a thing',
  input: z.strictObject({ name: z.string() }),
  output: z.object({ thing, isNew: z.boolean() }),
  allow: 'conversations:read',
  transaction: 'own',
  run: async (_, { name }) => {
    if (name === 'taken') throw new ConflictError('The name is taken', { code: 'NAME_TAKEN' });
    return { thing: { id, name }, isNew: name !== 'known' };
  },
});

const forget = defineAction({
  summary: 'Forget a thing',
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

const { ask } = openTestApi([
  get('/things', search),
  post('/things', make, {
    status: ({ isNew }) => (isNew ? 201 : 200),
    body: (result) => result.thing,
    answers: { 200: thing, 201: thing },
  }),
  patch('/things/:id', rename),
  del('/things/:id', forget),
  post('/login', login),
]);

const owner = { token: 'owner' as const };

async function refusal(answer: Response | Promise<Response>) {
  const response = await answer;
  expect(response.headers.get('Content-Type')).toBe('application/problem+json');
  const problem = (await response.json()) as Problem;
  expect(problem.status).toBe(response.status);
  expect(response.headers.get('X-Request-Id')).toBe(problem.requestId);
  return problem;
}

describe('input', () => {
  test('path and body become one', async () => {
    const response = await ask('PATCH', `/things/${id}`, { ...owner, body: { name: 'new' } });
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Type')).toBe('application/json');
    expect(await response.json()).toEqual({ id, name: 'new' });
  });

  test('the query is coerced by the action; what comes several times is a list', async () => {
    const response = await ask('GET', '/things?limit=7&tags=a&tags=b', owner);
    expect(await response.json()).toEqual({ limit: 7, tags: ['a', 'b'] });
    expect(await (await ask('GET', '/things', owner)).json()).toEqual({ limit: 25 });
  });

  test.each([
    ['a field too much', { name: 'x', colour: 'red' }, 'colour', 'Unknown field'],
    ['a field that the path names', { name: 'x', id }, 'id', 'Unknown field'],
    ['a prototype', '{"name":"x","__proto__":{"a":1}}', '__proto__', 'Unknown field'],
    ['a constructor', { name: 'x', constructor: 1 }, 'constructor', 'Unknown field'],
    ['a field too few', {}, 'name', 'Invalid input: expected string, received undefined'],
    ['no body', undefined, 'name', 'Invalid input: expected string, received undefined'],
  ])('%s is 422', async (_, body, path, message) => {
    const problem = await refusal(ask('PATCH', `/things/${id}`, { ...owner, body }));
    expect(problem).toMatchObject({ status: 422, code: 'VALIDATION_FAILED' });
    expect(problem.errors).toEqual([{ path, message }]);
  });

  test.each(['?limit=0', '?limit=x', '?limit=', '?colour=red', '?limit=1&limit=2&limit=x'])(
    'the query %s is 422',
    async (query) => {
      expect(await refusal(ask('GET', `/things${query}`, owner))).toMatchObject({ status: 422 });
    },
  );

  test.each(['tsk_1', 'cnv_01h2xcejqtf2nbrexx3vqjhp41', '%00', '__proto__', 'x%'])(
    'the path id %s is 404',
    async (wrong) => {
      const answer = ask('PATCH', `/things/${wrong}`, { ...owner, body: { name: 'x' } });
      expect(await refusal(answer)).toMatchObject({ status: 404, code: 'NOT_FOUND' });
    },
  );

  test.each([
    ['malformed JSON', '{"name":', 'application/json', 400, 'MALFORMED_JSON'],
    ['other content', 'name=x', 'text/plain', 415, 'UNSUPPORTED_MEDIA_TYPE'],
    ['a list', '[]', 'application/json', 422, 'VALIDATION_FAILED'],
    ['too much', `"${'x'.repeat(1_000)}"`, 'application/json', 413, 'PAYLOAD_TOO_LARGE'],
  ])('%s is refused', async (_, body, type, status, code) => {
    const answer = ask('POST', '/things', { ...owner, body, headers: { 'Content-Type': type } });
    expect(await refusal(answer)).toMatchObject({ status, code });
  });

  test('an announced length beyond the limit is refused before anything is asked', async () => {
    const headers = { 'Content-Length': '1001' };
    const answer = ask('POST', '/things', { body: {}, headers });
    expect(await refusal(answer)).toMatchObject({ status: 413, code: 'PAYLOAD_TOO_LARGE' });
  });
});

describe('answer', () => {
  test('the status may follow from the result', async () => {
    const created = await ask('POST', '/things', { ...owner, body: { name: 'new' } });
    expect(created.status).toBe(201);
    expect(await created.json()).toEqual({ id, name: 'new' });
    expect((await ask('POST', '/things', { ...owner, body: { name: 'known' } })).status).toBe(200);
  });

  test('204 has no body', async () => {
    const response = await ask('DELETE', `/things/${id}`, owner);
    expect(response.status).toBe(204);
    expect(await response.text()).toBe('');
    expect(response.headers.get('Content-Type')).toBeNull();
  });

  test('what the action refuses keeps its code', async () => {
    const answer = ask('POST', '/things', { ...owner, body: { name: 'taken' } });
    expect(await refusal(answer)).toMatchObject({ status: 409, code: 'NAME_TAKEN' });
  });

  test('HEAD answers like GET without a body', async () => {
    const response = await ask('HEAD', '/things', owner);
    expect(response.status).toBe(200);
    expect(response.headers.get('Content-Length')).toBe('12');
    expect(await response.text()).toBe('');
  });
});

describe('who', () => {
  test('a stranger is refused before the body is read', async () => {
    const answer = ask('POST', '/things', { body: '{"name":' });
    const problem = await refusal(answer);
    expect(problem).toMatchObject({ status: 401, code: 'UNAUTHENTICATED' });
    expect((await answer).headers.get('WWW-Authenticate')).toBe('Bearer');
  });

  test('a token that has expired is refused', async () => {
    const answer = ask('GET', '/things', { token: 'expired' });
    expect(await refusal(answer)).toMatchObject({ status: 401, code: 'TOKEN_EXPIRED' });
  });

  test('another role is refused', async () => {
    const answer = ask('PATCH', `/things/${id}`, { token: 'customer', body: { name: 'x' } });
    expect(await refusal(answer)).toMatchObject({ status: 403, code: 'FORBIDDEN' });
  });

  test('who signs in may carry a stale token', async () => {
    const response = await ask('POST', '/login', { token: 'expired' });
    expect(response.status).toBe(200);
    expect(await response.json()).toEqual({ actor: 'anonymous' });
  });
});

describe('where', () => {
  test('an unknown path is 404', async () => {
    expect(await refusal(ask('GET', '/nowhere'))).toMatchObject({ status: 404, code: 'NOT_FOUND' });
  });

  test('another method is 405', async () => {
    const answer = ask('PATCH', '/things', owner);
    expect(await refusal(answer)).toMatchObject({ status: 405, code: 'METHOD_NOT_ALLOWED' });
    expect((await answer).headers.get('Allow')).toBe('GET, POST');
  });
});
