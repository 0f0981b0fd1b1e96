import { describe, expect, test } from 'bun:test';
import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { del, get, patch, post } from '../route.ts';
import { routes } from '../routes.ts';
import { describeApi } from './describe-api.ts';

const thing = z.object({ id: idSchema('tsk'), at: z.iso.datetime() }).meta({ id: 'Thing' });
const input = z.strictObject({
  id: idSchema('tsk'),
  name: z.string().max(20).describe('Shown to all'),
  limit: z.coerce.number().int().default(25),
});
const action = defineAction({
  summary: 'Do it',
  input,
  output: thing,
  allow: 'owners:manage',
  transaction: 'own',
  run: async () => ({ id: 'tsk_1', at: '' }) as z.input<typeof thing>,
});
const open = defineAction({
  summary: 'Sign in',
  input: z.strictObject({}),
  output: thing,
  allow: 'anyone',
  run: async () => ({ id: 'tsk_1', at: '' }) as z.input<typeof thing>,
});

const document = describeApi(
  [
    get('/v1/things/:id/parts', action),
    patch('/v1/things/:id', action),
    del('/v1/things/:id', action),
    post('/v1/auth/login', open),
    post('/v1/things', action, {
      status: () => 201,
      responses: { 200: thing, 201: z.array(thing) },
    }),
  ],
  { publicUrl: 'https://desk.example' },
);
const { paths, components, servers } = document as any;

test('parameters: path and query of a GET route', () => {
  const [id, name, limit] = paths['/v1/things/{id}/parts'].get.parameters;
  expect(id).toMatchObject({ name: 'id', in: 'path', required: true });
  expect(id.schema).toMatchObject({ type: 'string', pattern: expect.stringContaining('tsk_') });
  expect(name).toMatchObject({ in: 'query', required: true, description: 'Shown to all' });
  expect(limit).toMatchObject({ in: 'query', required: false, schema: { default: 25 } });
});

test('request body: input fields that are not in the path', () => {
  const { parameters, requestBody } = paths['/v1/things/{id}'].patch;
  expect(parameters.map((one: { name: string }) => one.name)).toEqual(['id', 'Idempotency-Key']);
  expect(requestBody.required).toBe(true);
  const { schema } = requestBody.content['application/json'];
  expect(Object.keys(schema.properties)).toEqual(['name', 'limit']);
  expect(schema).toMatchObject({ required: ['name'], additionalProperties: false });
});

test('responses: one or several successful statuses', () => {
  const ref = { $ref: '#/components/schemas/Thing' };
  const { responses } = paths['/v1/things'].post;
  expect(responses[200].content['application/json'].schema).toEqual(ref);
  expect(responses[201].content['application/json'].schema).toEqual({ type: 'array', items: ref });
  expect(components.schemas.Thing.properties.at).toEqual({ type: 'string', format: 'date-time' });
  const gone = paths['/v1/things/{id}'].delete.responses[204];
  expect(gone).toMatchObject({ description: 'No Content' });
  expect(gone.content).toBeUndefined();
});

test('responses: error statuses of a route', () => {
  const statuses = (operation: { responses: object }) => Object.keys(operation.responses);
  expect(statuses(paths['/v1/things/{id}'].patch)).toEqual(
    '200 400 401 403 404 409 413 415 422 429 default'.split(' '),
  );
  expect(statuses(paths['/v1/auth/login'].post)).toEqual('200 422 429 default'.split(' '));
  const { responses } = paths['/v1/things/{id}'].patch;
  expect(responses[404]).toEqual({ $ref: '#/components/responses/NotFound' });
  expect(responses.default).toEqual({ $ref: '#/components/responses/Problem' });
  const problem = components.responses.NotFound.content['application/problem+json'].schema;
  expect(problem).toEqual({ $ref: '#/components/schemas/Problem' });
  expect(components.schemas.Problem.required).toContain('requestId');
});

test('security: bearer by default, none for public routes', () => {
  expect(document).toMatchObject({ security: [{ bearer: [] }] });
  expect(paths['/v1/auth/login'].post.security).toEqual([]);
  expect(paths['/v1/things'].post['x-roles']).toEqual(['owner']);
  expect(servers).toEqual([{ url: 'https://desk.example' }]);
});

test('operationId: unique for every operation', () => {
  const named = Object.values(paths as Record<string, Record<string, { operationId: string }>>)
    .flatMap((path) => Object.values(path))
    .map(({ operationId }) => operationId);
  expect(named).toContain('getThingsByIdParts');
  expect(new Set(named).size).toBe(named.length);
});

describe('the document of all routes', () => {
  const api = describeApi(routes, { publicUrl: 'https://desk.example' }) as any;
  test('resources are named schemas, so that generated clients have named types', () => {
    const refTo = (name: string) => ({ $ref: `#/components/schemas/${name}` });
    const schemaOf = (method: string, path: string, status = 200) =>
      api.paths[path][method].responses[status].content['application/json'].schema;
    expect(schemaOf('get', '/v1/conversations/{id}')).toEqual(refTo('Conversation'));
    expect(schemaOf('get', '/v1/conversations')).toEqual(refTo('ConversationList'));
    expect(schemaOf('post', '/v1/conversations/{id}/messages', 201)).toEqual(refTo('Message'));
    const { ConversationList, Message } = api.components.schemas;
    expect(ConversationList.properties.items.items).toEqual(refTo('Conversation'));
    expect(Message.properties.attachments.items).toEqual(refTo('Attachment'));
    const names = 'Member Invitation Session Role ApiKey Webhook Job AuditEntry SignedIn Problem';
    for (const name of names.split(' ')) expect(api.components.schemas[name].type).toBe('object');
  });

  test('an operation says what it does, who may call it, and its limits', () => {
    const { description, tags } = api.paths['/v1/webhooks'].post;
    expect(description).toStartWith('Creates a webhook');
    expect(description).toContain('Requires the permission `webhooks:manage`');
    expect(tags).toEqual(['Webhooks']);
    expect(api.info.license).toEqual({ name: 'Apache-2.0', identifier: 'Apache-2.0' });
    expect(api.info.contact.url).toBe('https://desk.example');
  });

  test('limited responses have rate limit headers, 429 also Retry-After', () => {
    const { responses } = api.paths['/v1/conversations'].get;
    expect(Object.keys(responses[200].headers)).toContain('RateLimit');
    const { headers } = api.components.responses.TooManyRequests;
    expect(responses[429]).toEqual({ $ref: '#/components/responses/TooManyRequests' });
    expect(Object.keys(headers)).toEqual(['RateLimit', 'RateLimit-Policy', 'Retry-After']);
    for (const name of Object.keys(headers)) expect(api.components.headers[name]).toBeDefined();
  });

  test('public routes that take credentials document 401', () => {
    const hasUnauthorized = (method: string, path: string) =>
      401 in api.paths[path][method].responses;
    expect(hasUnauthorized('get', '/v1/auth/oauth/callback')).toBe(true);
    expect(hasUnauthorized('post', '/v1/auth/login')).toBe(true);
    expect(hasUnauthorized('post', '/v1/auth/password/reset')).toBe(false);
  });
});
