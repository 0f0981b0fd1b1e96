import type { Connections } from '@insightdesk/shared/context';
import { Hono } from 'hono';
import type { ApiEnv } from './caller.ts';

/** The public keys of access tokens (RFC 7517), by which other systems verify them. */
export function createJwks(tokens: Pick<Connections['security']['tokens'], 'listPublicKeys'>) {
  const app = new Hono<ApiEnv>();
  app.get('/.well-known/jwks.json', (c) => {
    // A new key signs three seconds after it is listed.
    c.header('Cache-Control', 'no-cache');
    return c.json({ keys: tokens.listPublicKeys() });
  });
  return app;
}
