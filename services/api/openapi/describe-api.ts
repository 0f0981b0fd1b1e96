import type { Route } from '../route.ts';
import { describeRoute } from './describe-route.ts';
import { createSchemas, type Json } from './schemas.ts';
import { healthPaths, problemResponse } from './components.ts';

const about =
  'Errors are problems (RFC 9457); `code` says which. Lists take `limit` and `cursor` and answer ' +
  'with `items` and `nextCursor`. What is not yours answers 404.';

/** The OpenAPI 3.1 document of these routes, made from what their actions accept and give. */
export function describeApi(routes: readonly Route[], { publicUrl }: { publicUrl: string }): Json {
  const schemas = createSchemas();
  const paths: Record<string, Json> = {};
  for (const route of routes) {
    const path = route.path.replace(/:(\w+)/g, '{$1}');
    paths[path] = { ...paths[path], [route.method.toLowerCase()]: describeRoute(route, schemas) };
  }
  return {
    openapi: '3.1.1',
    info: { title: 'InsightDesk', version: '1', description: about },
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
