import { type Handler, Hono } from 'hono';
import { describeEvents } from './asyncapi/describe-events.ts';
import type { ApiEnv } from './caller.ts';
import { describeApi } from './openapi/describe-api.ts';
import type { Json } from './openapi/schemas.ts';
import type { Route } from './route.ts';
import { createAssets } from './static/assets.ts';
import { createContent } from './static/content.ts';
import { once } from './static/once.ts';
import { sendContent } from './static/send-content.ts';

const REVALIDATED = { cacheControl: 'no-cache' };

/** OpenAPI and AsyncAPI documents, and the API reference page with its self-hosted script. */
export function createDocs(options: {
  routes: readonly Route[];
  publicUrl: string;
  productName: string;
}): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  const entry = import.meta.resolve('@scalar/api-reference');
  const assets = createAssets('/docs', {
    'scalar.js': new URL('./browser/standalone.js', entry),
  });
  const page = once(async () =>
    createContent(
      pageWith(options.productName, await assets.path('scalar.js')),
      'text/html; charset=utf-8',
    ),
  );

  app.get(
    '/openapi.json',
    serveDocument(() => describeApi(options.routes, options)),
  );
  app.get(
    '/asyncapi.json',
    serveDocument(() => describeEvents(options)),
  );
  app.get('/docs', async (c) => {
    c.header('Content-Security-Policy', pagePolicy);
    return sendContent(c, await page(), REVALIDATED);
  });
  app.route('/', assets.app);
  return app;
}

/** Serves a document that is built on the first request. */
function serveDocument(describe: () => Json): Handler<ApiEnv> {
  const document = once(() => createContent(JSON.stringify(describe()), 'application/json'));
  return (c) => sendContent(c, document(), REVALIDATED);
}

const settings = {
  withDefaultFonts: false,
  telemetry: false,
  showDeveloperTools: 'never',
  hideClientButton: true,
  agent: { disabled: true },
  mcp: { disabled: true },
};

const pageWith = (productName: string, script: string) => `<!doctype html>
<html lang="en">
<head>
<meta charset="utf-8">
<meta name="viewport" content="width=device-width, initial-scale=1">
<title>${Bun.escapeHTML(productName)} API</title>
<link rel="icon" href="/favicon.svg" type="image/svg+xml">
</head>
<body>
<script id="api-reference" data-url="/openapi.json" data-configuration='${JSON.stringify(settings)}'></script>
<script src="${script}"></script>
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
