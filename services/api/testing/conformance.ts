import { expect } from 'bun:test';
import Ajv2020 from 'ajv/dist/2020.js';
import addFormats from 'ajv-formats';
import { z } from 'zod';
import { describeApi } from '../openapi/describe-api.ts';
import type { Route } from '../route.ts';
import { routeName } from './requests.ts';

interface DocumentedResponse {
  content?: Record<string, { schema: object }>;
  $ref?: string;
}

/** Validates responses against the OpenAPI document of `routes` and tracks which were not seen. */
export function createConformance(routes: readonly Route[]) {
  const document = describeApi(routes, { publicUrl: 'https://desk.example' });
  const ajv = new Ajv2020({ strict: false, allErrors: true });
  addFormats.default(ajv);
  ajv.addSchema({ $id: 'api', ...document });
  const { paths } = document as unknown as {
    paths: Record<string, Record<string, { responses: Record<string, DocumentedResponse> }>>;
  };
  const templateOf = ({ path }: Route) => path.replace(/:(\w+)/g, '{$1}');
  const responsesOf = (route: Route) =>
    paths[templateOf(route)]?.[route.method.toLowerCase()]?.responses ?? {};
  const documentedResponses = (route: Route) =>
    Object.keys(responsesOf(route))
      .filter((status) => status !== 'default')
      .map((status) => ({
        name: responseName(route, status),
        isFeature: isFeatureResponse(route, Number(status)),
      }));
  const unseenOfFeatures = new Set<string>();
  const unseenErrors = new Set<string>();
  for (const { name, isFeature } of routes.flatMap(documentedResponses)) {
    (isFeature ? unseenOfFeatures : unseenErrors).add(name);
  }

  function findSchema(route: Route, status: number) {
    const { method } = route;
    const template = templateOf(route);
    const responses = responsesOf(route);
    const key = status in responses ? String(status) : 'default';
    const response = responses[key] ?? {};
    const pointer = ['paths', template, method.toLowerCase(), 'responses', key]
      .map((part) => part.replaceAll('/', '~1'))
      .join('/');
    if (response.$ref) return { pointer: response.$ref.slice(2), content: problemOnly };
    return { pointer, content: response.content ?? {} };
  }

  async function check(route: Route, response: Response): Promise<void> {
    const { status, headers } = response;
    const { pointer, content } = findSchema(route, status);
    const schema = route.responses[status];
    for (const unseen of [unseenOfFeatures, unseenErrors]) {
      unseen.delete(responseName(route, status));
    }
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
    // Parsing drops unknown fields, so a difference is a field that leaks.
    if (schema instanceof z.ZodType) expect(body).toEqual(schema.parse(body));
  }

  /** Documented responses of the routes at or below a path that no test has received. */
  function findUnseenBelow(path: string): string[] {
    return [...unseenOfFeatures].filter((name) => `${name} `.match(`^\\w+ ${path}[ /]`));
  }

  /** Documented errors common to all routes that no test has received. */
  const findUnseenErrors = () => [...unseenErrors];

  return { document, findUnseenBelow, findUnseenErrors, check };
}

const responseName = (route: Route, status: string | number) => `${routeName(route)} ${status}`;

/** Successful responses and errors of third-party protocols are tested by the feature's tests. */
const isFeatureResponse = ({ responses, protocol, errorStatuses = [] }: Route, status: number) =>
  status in responses || [...errorStatuses, ...(protocol?.errorStatuses ?? [])].includes(status);

const problemOnly = { 'application/problem+json': {} };
