import type { Route } from '../route.ts';
import { healthPaths, problemResponse } from './components.ts';
import { describeRoute } from './describe-route.ts';
import { createSchemas, type Json } from './schemas.ts';

const description =
  'Errors are problem documents (RFC 9457) with a stable `code`. Lists take `limit` and `cursor` and ' +
  'return `items` and `nextCursor`. Resources you cannot access return 404.';

/** The OpenAPI 3.1 document of the routes, generated from the schemas of their actions. */
export function describeApi(routes: readonly Route[], { publicUrl }: { publicUrl: string }): Json {
  const schemas = createSchemas();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route, schemas) };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'InsightDesk', version: '1', description },
    servers: [{ url: publicUrl }],
    security: [{ bearer: [] }],
    paths: { ...paths, ...healthPaths(schemas) },
    components: {
      securitySchemes: {
        bearer: { type: 'http', scheme: 'bearer', description: 'An access token or an API key' },
      },
      responses: { Problem: problemResponse(schemas) },
      schemas: schemas.named(),
    },
  };
}
