import { expect, test } from 'bun:test';
import { z } from 'zod';
import { describeEventTypes, describeTypes } from './describe-types.ts';
import { clientTypes } from './write-client-types.ts';

test.each(Object.entries(clientTypes))('%s is up to date', async (path, generate) => {
  const hint = 'Run `bun services/api/openapi/write-client-types.ts`';
  const isUpToDate = (await Bun.file(path).text()) === generate();
  expect(isUpToDate || hint).toBe(true);
});

const json = (schema: object) => ({ content: { 'application/json': { schema } } });
const id = { type: 'string', pattern: '^cnv_[0-7][0-9a-hjkmnp-tv-z]{25}$' };

test.each([
  [{ type: 'string' }, 'string'],
  [id, '`cnv_${' + 'string}`'],
  [{ type: 'string', enum: ['a', "b'"] }, "'a' | 'b\\''"],
  [{ type: ['integer', 'null'] }, 'number | null'],
  [{ anyOf: [{ type: 'boolean' }, { type: 'null' }] }, 'boolean | null'],
  [{ type: 'array', items: { enum: [1, 2] } }, '(1 | 2)[]'],
  [{ type: 'object', additionalProperties: { type: 'number' } }, 'Record<string, number>'],
  [
    { type: 'object', properties: { a: { type: 'null' }, b: {} }, required: ['a'] },
    '{ a: null; b?: unknown | undefined }',
  ],
  [{ $ref: '#/components/schemas/Thing' }, 'Thing'],
  [{ type: 'object', properties: {} }, 'Record<never, never>'],
])('schema %j becomes %s', (schema, type) => {
  const operation = { summary: 'Do it', requestBody: json(schema), responses: { 204: {} } };
  const text = describeTypes({ paths: { '/v1/things': { post: operation } } });
  expect(text).toContain(`body: ${type};\n    response: undefined;`);
});

test('named schemas become exported types', () => {
  const schemas = { Thing: { type: 'array', items: { type: 'string' } } };
  const text = describeTypes({ paths: {}, components: { schemas } });
  expect(text).toContain('\nexport type Thing = (string)[];\n');
});

test('event types: names, and the views of all audiences', () => {
  const schema = z.union([z.object({ a: z.string() }), z.object({ b: z.int().nullable() })]);
  const text = describeEventTypes({ 'thing.half-done': schema, 'mail/thing.asked': z.object({}) });
  expect(text).toContain(
    "  thingHalfDone: 'thing.half-done',\n  mailThingAsked: 'mail/thing.asked',",
  );
  expect(text).toContain("  'thing.half-done': { a: string } | { b: number | null };");
  expect(text).toContain("  'mail/thing.asked': Record<never, never>;");
});

test('operations: parameters and responses become fields', () => {
  const parameters = [
    { name: 'id', in: 'path', required: true, schema: id },
    { name: 'limit', in: 'query', required: false, schema: { type: 'integer' } },
  ];
  const responses = { 200: json({ type: 'string' }), 206: json({ type: 'string' }), 404: {} };
  const get = { summary: 'Read it', parameters, responses };
  expect(describeTypes({ paths: { '/v1/things/{id}': { get } } })).toContain(
    `  /** Read it. */
  'GET /v1/things/{id}': {
    path: { id: \`cnv_\${string}\` };
    query: { limit?: number | undefined };
    response: string;
  };
}
`,
  );
});
