import { expect, test } from 'bun:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import { routes } from '../routes.ts';
import { routeName } from '../testing/requests.ts';
import { describeApi } from './describe-api.ts';
import { sections } from './sections/index.ts';

/** What spectral's rules ask for and what people need to use an operation. A new route has to pass as well. */

interface Media {
  schema: { $ref?: string; format?: string };
  example?: unknown;
  examples?: Record<string, { $ref: string }>;
}
interface Parameter {
  name: string;
  in: string;
  description?: string;
  schema: object;
  example?: unknown;
}
interface Operation {
  operationId: string;
  summary: string;
  description: string;
  tags: string[];
  parameters?: Parameter[];
  requestBody?: { content: Record<string, Media> };
  responses: Record<string, { description: string; content?: Record<string, Media> }>;
}

const MAX_SIZE_BYTES = 500_000;
const document = describeApi(routes, { publicUrl: 'https://desk.example' }) as any;
const operations = Object.entries<Record<string, Operation>>(document.paths).flatMap(
  ([path, methods]) =>
    Object.entries(methods).map(
      ([method, operation]) => [`${method.toUpperCase()} ${path}` as string, operation] as const,
    ),
);
const described = new Set(sections.flatMap((section) => Object.keys(section.operations)));

const ajv = new Ajv2020({ strict: false, allErrors: true });
addFormats.default(ajv);
ajv.addSchema({ $id: 'api', ...document });

/** Errors of a value by a schema in the document. */
function errorsOf(value: unknown, ...pointer: string[]): string[] {
  const path = pointer.map((part) => part.replaceAll('~', '~0').replaceAll('/', '~1')).join('/');
  const validate = ajv.compile({ $ref: `api#/${path.replaceAll('%', '%25')}` });
  return validate(value) ? [] : [`${ajv.errorsText(validate.errors)}: ${JSON.stringify(value)}`];
}

/** The example of a JSON body, also when it is a component. */
function exampleOf({ example, examples }: Media): unknown {
  const $ref = examples?.default?.$ref;
  if (!$ref) return example;
  return document.components.examples[$ref.slice($ref.lastIndexOf('/') + 1)].value;
}

const pointerOf = (name: string) => {
  const [method = '', path = ''] = name.split(' ');
  return ['paths', path, method.toLowerCase()];
};

test('every route has a text in services/api/openapi/sections, and each text a route', () => {
  const missing = operations.map(([name]) => name).filter((name) => !described.has(name));
  const hint = 'Add one or two sentences for it to a section in services/api/openapi/sections';
  expect(missing.map((name) => `${name}: ${hint}`)).toEqual([]);
  const known = new Set(operations.map(([name]) => name));
  expect([...described].filter((name) => !known.has(name))).toEqual([]);
  const all = sections.flatMap((section) => Object.keys(section.operations));
  expect(all.length).toBe(described.size);
});

test('every operation has a summary, a description and one declared tag', () => {
  const tags = document.tags as { name: string; description?: string }[];
  expect(tags.filter(({ description }) => !description)).toEqual([]);
  expect(new Set(tags.map(({ name }) => name)).size).toBe(tags.length);
  for (const [name, operation] of operations) {
    expect([name, operation.summary.length]).toEqual([name, expect.any(Number)]);
    expect(operation.description).toMatch(/Public|Requires the permission/);
    expect(operation.tags).toEqual([expect.any(String)]);
    expect(tags.map((tag) => tag.name)).toContain(operation.tags[0] ?? '');
  }
});

test('every error code in a text exists', async () => {
  const errors = await Bun.file(`${import.meta.dir}/../../../docs/errors.md`).text();
  const codes = operations.flatMap(([name, { description }]) =>
    (description.match(/(?<=`)[A-Z]+_[A-Z_]+(?=`)/g) ?? []).map((code) => [name, code] as const),
  );
  expect(codes.filter(([, code]) => !errors.includes(`\`${code}\``))).toEqual([]);
});

test('every parameter has a description and a valid example', () => {
  const hint = "Add .describe('…') to the input of its action";
  const failures = operations.flatMap(([name, { parameters = [] }]) =>
    parameters.flatMap((parameter, index) => {
      const pointer = [...pointerOf(name), 'parameters', String(index), 'schema'];
      const errors = errorsOf(parameter.example, ...pointer);
      if (!parameter.description) errors.push(hint);
      return errors.map((error) => `${name} ${parameter.name}: ${error}`);
    }),
  );
  expect(failures).toEqual([]);
});

const exampleHint =
  'Add a value for the field to services/api/openapi/example-values.ts, or `request` to its text in sections';

test('every request body has an example that is valid by its schema and by the action', () => {
  const failures = operations.flatMap(([name, { requestBody, parameters = [] }]) => {
    const [[type, media] = ['', undefined]] = Object.entries(requestBody?.content ?? {});
    if (!media) return [];
    if (type !== 'application/json') return media.example ? [] : [`${name}: no example`];
    const pointer = [...pointerOf(name), 'requestBody', 'content', type, 'schema'];
    const route = routes.find((one) => routeName(one).replace(/:(\w+)/g, '{$1}') === name);
    const inPath = parameters.filter((one) => one.in === 'path');
    const params = Object.fromEntries(inPath.map((one) => [one.name, one.example]));
    const parsed = route?.input.safeParse({ ...params, ...(media.example as object) });
    const errors = errorsOf(media.example, ...pointer);
    if (!parsed?.success) errors.push(parsed?.error ? z.prettifyError(parsed.error) : 'no route');
    return errors.map((error) => `${name}: ${error}. ${exampleHint}`);
  });
  expect(failures).toEqual([]);
});

test('every successful JSON response has a named schema and a valid example', () => {
  const failures = operations.flatMap(([name, { responses }]) =>
    Object.entries(responses).flatMap(([status, { content = {} }]) =>
      Object.entries(content).flatMap(([type, media]) => {
        if (type !== 'application/json') return media.example ? [] : [`${name}: no example`];
        const pointer = [...pointerOf(name), 'responses', status, 'content', type, 'schema'];
        const errors = errorsOf(exampleOf(media), ...pointer).map(
          (error) => `${error}. ${exampleHint}`,
        );
        if (!media.schema.$ref)
          errors.push("Add .meta({ id: 'Name' }) to the output of the action");
        return errors.map((error) => `${name} ${status}: ${error}`);
      }),
    ),
  );
  expect(failures).toEqual([]);
});

test('errors: each response has a description and a valid example', () => {
  for (const [name, response] of Object.entries<any>(document.components.responses)) {
    const type = 'application/problem+json';
    const pointer = ['components', 'responses', name, 'content', type, 'schema'];
    expect(response.description).toMatch(/^[A-Z]/);
    expect(errorsOf(response.content[type].example, ...pointer)).toEqual([]);
  }
});

test('the document has no unused component and no repeated operationId, and is not too large', () => {
  const text = JSON.stringify(document);
  for (const kind of ['schemas', 'responses', 'examples', 'headers']) {
    const names = Object.keys(document.components[kind]);
    const unused = names.filter((name) => !text.includes(`"#/components/${kind}/${name}"`));
    expect(unused).toEqual([]);
  }
  const ids = operations.map(([, { operationId }]) => operationId);
  expect(ids.filter((id, index) => ids.indexOf(id) !== index)).toEqual([]);
  expect(ids.filter((id) => !/^[a-zA-Z]+$/.test(id))).toEqual([]);
  expect(text.length).toBeLessThan(MAX_SIZE_BYTES);
});
