import { expect } from 'bun:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import { describeApi } from '../openapi/describe-api.ts';
import type { Route } from '../route.ts';
import { nameOf } from './requests.ts';

interface Described {
  content?: Record<string, { schema: object }>;
  $ref?: string;
}

/** Checks answers against the document of `routes`, and tells what has not been seen yet. */
export function createConformance(routes: readonly Route[]) {
  const document = describeApi(routes, { publicUrl: 'https://desk.example' });
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'api', ...document });
  const { paths } = document as unknown as {
    paths: Record<string, Record<string, { responses: Record<string, Described> }>>;
  };
  const templateOf = ({ path }: Route) => path.replace(/:(\w+)/g, '{$1}');
  const responsesOf = (route: Route) =>
    paths[templateOf(route)]?.[route.method.toLowerCase()]?.responses ?? {};
  const promisesOf = (route: Route) =>
    Object.keys(responsesOf(route))
      .filter((status) => status !== 'default')
      .map((status) => ({ name: promiseOf(route, status), isOwn: isOwn(route, Number(status)) }));
  const [own, alike] = [new Set<string>(), new Set<string>()];
  for (const { name, isOwn } of routes.flatMap(promisesOf)) (isOwn ? own : alike).add(name);

  function describedAs(route: Route, status: number) {
    const { method } = route;
    const template = templateOf(route);
    const responses = responsesOf(route);
    const key = status in responses ? String(status) : 'default';
    const described = responses[key] ?? {};
    const pointer = ['paths', template, method.toLowerCase(), 'responses', key]
      .map((part) => part.replaceAll('/', '~1'))
      .join('/');
    if (described.$ref) return { pointer: described.$ref.slice(2), content: problemOnly };
    return { pointer, content: described.content ?? {} };
  }

  async function check(route: Route, response: Response): Promise<void> {
    const { status, headers } = response;
    const { pointer, content } = describedAs(route, status);
    const answer = route.answers[status];
    for (const unseen of [own, alike]) unseen.delete(promiseOf(route, status));
    if (Object.keys(content).length === 0) return expect(await response.text()).toBe('');
    const type = headers.get('Content-Type')?.split(';')[0] ?? '';
    if (!type.endsWith('json')) return;
    expect(Object.keys(content)).toContain(type);
    const body: unknown = await response.json();
    const $ref = `api#/${pointer}/content/${type.replaceAll('/', '~1')}/schema`;
    const validate = ajv.compile({ $ref });
    expect({ valid: validate(body), errors: validate.errors }).toEqual({
      valid: true,
      errors: null,
    });
    // Parsing drops what the schema does not name, so a difference is a field that leaks.
    if (answer instanceof z.ZodType) expect(body).toEqual(answer.parse(body));
  }

  /** What the routes at or below a path promise and nobody has got yet. */
  function unseenBelow(path: string): string[] {
    return [...own].filter((name) => `${name} `.match(`^\\w+ ${path}[ /]`));
  }

  /** Problems that are alike on all routes, of those that promise them, and nobody has got yet. */
  const unseenProblems = () => [...alike];

  return { document, unseenBelow, unseenProblems, check };
}

const promiseOf = (route: Route, status: string | number) => `${nameOf(route)} ${status}`;

/** Good answers, and problems of a protocol of others: the tests of a feature see these. */
const isOwn = ({ answers, protocol }: Route, status: number) =>
  status in answers || (protocol?.refuses.includes(status) ?? false);

const problemOnly = { 'application/problem+json': {} };
