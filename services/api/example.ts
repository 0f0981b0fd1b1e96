import { existsSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { Hono } from 'hono';
import type { ApiEnv } from './caller.ts';
import main from './pages/example.html' with { type: 'text' };
import type { Pages } from './pages.ts';
import { createAssets } from './static/assets.ts';
import { createContent } from './static/content.ts';

const file = (name: string) => new URL(`./pages/${name}`, import.meta.url);
const clientSource = fileURLToPath(new URL('../../client/index.ts', import.meta.url));

/** An example chat for developers, at `/example`. Images do not contain the client: no page there. */
export function createExample(pages: Pages): Hono<ApiEnv> {
  const app = new Hono<ApiEnv>();
  if (!existsSync(clientSource)) return app;
  const assets = createAssets('/example', {
    'example.css': file('example.css'),
    'example.js': file('example.js'),
    'client.js': bundleClient,
  });
  app.get('/example', async (c) =>
    pages.sendMain(c, `${main}`, {
      script: await assets.path('example.js'),
      exampleStyle: await assets.path('example.css'),
      client: await assets.path('client.js'),
    }),
  );
  app.route('/', assets.app);
  return app;
}

async function bundleClient() {
  const { outputs } = await Bun.build({
    entrypoints: [clientSource],
    target: 'browser',
    minify: true,
  });
  return createContent((await outputs[0]?.text()) ?? '', 'text/javascript; charset=utf-8');
}
