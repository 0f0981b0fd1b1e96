import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import { matchesEtag } from '@insightdesk/shared/http';
import { type Handler, Hono } from 'hono';
import { describeEvents } from './asyncapi/describe-events.ts';
import type { ApiEnv } from './caller.ts';
import { describeApi } from './openapi/describe-api.ts';
import type { Json } from './openapi/schemas.ts';
import manifest from './package.json' with { type: 'json' };
import type { Route } from './route.ts';

const scalarVersion = manifest.dependencies['@scalar/api-reference'];
const scalarScript = '/docs/scalar.js';

/** OpenAPI and AsyncAPI documents, and the API reference page with its self-hosted script. */
export function createDocs(options: { routes: readonly Route[]; publicUrl: string }): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const script = once(loadScript);

  app.get(
    '/openapi.json',
    serveDocument(() => describeApi(options.routes, options)),
  );
  app.get(
    '/asyncapi.json',
    serveDocument(() => describeEvents(options)),
  );
  app.get('/docs', (c) => {
    c.header('Content-Security-Policy', pagePolicy);
    c.header('Cache-Control', 'no-cache');
    return c.html(page);
  });
  app.get(scalarScript, async (c) => {
    const { plain, zipped } = await script();
    const zips = c.req.header('Accept-Encoding')?.includes('gzip') ?? false;
    c.header('Content-Type', 'text/javascript; charset=utf-8');
    c.header('Cache-Control', 'public, max-age=31536000, immutable, no-transform');
    if (zips) c.header('Content-Encoding', 'gzip');
    return c.body(zips ? zipped : plain);
  });
  return app;
}

/** Serves a document with an ETag; it is built on the first request. */
function serveDocument(describe: () => Json): Handler<ApiEnv> {
  const document = once(() => {
    const text = JSON.stringify(describe());
    return { text, etag: `"${Bun.hash(text).toString(36)}"` };
  });
  return (c) => {
    const { text, etag } = document();
    c.header('Cache-Control', 'no-cache');
    c.header('ETag', etag);
    if (matchesEtag(c.req.header('If-None-Match'), etag)) return c.body(null, 304);
    c.header('Content-Type', 'application/json');
    return c.body(text);
  };
}

const settings = {
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: 'never',
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
};

const page = `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>InsightDesk API</title>
</head>
<body>
<script id="api-reference" data-url="/openapi.json" data-configuration='${JSON.stringify(settings)}'></script>
<script src="${scalarScript}?v=${scalarVersion}"></script>
</body>
</html>
`;

const pagePolicy = [
  "default-src 'none'",
  "script-src 'self'",
  "style-src 'self' 'unsafe-inline'",
  "img-src 'self' data: blob:",
  "font-src 'self' data:",
  "connect-src 'self'",
  "base-uri 'none'",
  "form-action 'none'",
  "frame-ancestors 'none'",
].join('; ');

async function loadScript() {
  const entry = import.meta.resolve('@scalar/api-reference');
  const plain = await Bun.file(new URL('./browser/standalone.js', entry)).bytes();
  return { plain, zipped: new Uint8Array(await promisify(gzip)(plain)) };
}

function once<T>(make: () => T): () => T {
  let created: { value: T } | undefined;
  return () => {
    created ??= { value: make() };
    return created.value;
  };
}
