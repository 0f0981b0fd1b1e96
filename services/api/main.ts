import { boot } from '@insightdesk/shared/boot';
import { serveHttp } from '@insightdesk/shared/http';
import { createApp } from './app.ts';
import { enabledRoutes } from './route.ts';
import { routes } from './routes.ts';

await boot('api', (app) => {
  const operatorId = app.config.operators.organizationId;
  const api = createApp({
    ...app,
    tokens: app.connections.security.tokens,
    valkey: app.container.sessionValkey.valkey,
    isReady: () => app.lifecycle.isReady,
    routes: enabledRoutes(routes, app.config.features),
    dashboard: operatorId && { operatorId, queues: () => app.container.jobs.queues },
  });
  app.lifecycle.registerStartupHook('identity', () => app.container.identityDatabase.ping());
  serveHttp(app, (request, server) => api.fetch(request, server));
});
