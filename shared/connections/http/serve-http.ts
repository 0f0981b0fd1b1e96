import type { ApplicationLifecycle } from '@insightdesk/shared/lifecycle';
import type { Logger } from '@insightdesk/shared/logging';
import { sleep } from '@insightdesk/shared/promises';
import { findListener } from './find-listener.ts';

/** The parts of a service that its HTTP server uses. */
export interface HttpHost {
  config: { service: { host: string; port: number } };
  lifecycle: ApplicationLifecycle;
  log: Logger;
}

type Server = Bun.Server<undefined>;
type Fetch = (request: Request, server: Server) => Response | Promise<Response>;

/** Longer than the keep-alive of a proxy (nginx: 2 s), so that the proxy closes idle connections. */
const IDLE_SECONDS = 120;
/** How long readiness is 503 before the listener closes. */
const READINESS_DELAY_MS = 250;
/** Longer than the keep-alive of nginx. */
const CLOSE_TIMEOUT_MS = 3_000;
const POLL_MS = 20;
/** Maximum number of event loop turns to wait for idleness. */
const MAX_TURNS = 2_000;

/**
 * Serves HTTP from the end of the start until the stop of the service. On a stop, readiness turns 503,
 * the listener closes, open connections end with their next response or when the client closes them,
 * and accepted requests are finished. Register it last, so that it stops first.
 */
export function serveHttp({ config, lifecycle, log }: HttpHost, fetch: Fetch): void {
  const { host: hostname, port } = config.service;
  let server: Server | undefined;
  let isStopping = false;
  async function respondAndClose(request: Request, host: Server) {
    const response = await fetch(request, host);
    if (isStopping) response.headers.set('Connection', 'close');
    return response;
  }
  lifecycle.registerStartupHook('http', () => {
    server = Bun.serve({
      hostname,
      port,
      idleTimeout: IDLE_SECONDS,
      // Handlers enforce limits when they read a body, with a problem as response.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      fetch: (request, host) =>
        isStopping ? respondAndClose(request, host) : fetch(request, host),
      error(error) {
        log.error({ err: error }, 'http: request failed without a response');
        return new Response(null, { status: 500 });
      },
    });
    log.info({ url: server.url.href }, 'http: listening');
  });
  lifecycle.registerShutdownHook('http', async () => {
    await sleep(READINESS_DELAY_MS);
    if (!server) return;
    const listener = findListener(server.port ?? port);
    await listener?.close();
    isStopping = listener !== undefined;
    const deadline = performance.now() + CLOSE_TIMEOUT_MS;
    while (listener && performance.now() < deadline) {
      if (listener.connections() <= server.pendingRequests) break;
      await sleep(POLL_MS);
    }
    await waitForIdle(server);
    await server.stop();
  });
}

/**
 * Stopping the server closes idle connections and resets those with an unread request, so that a proxy
 * cannot know whether its request was handled. This waits until there are none; where connections
 * cannot be counted, until several turns of the event loop have found nothing to read.
 */
async function waitForIdle(server: Pick<Server, 'pendingRequests'>): Promise<void> {
  for (let turns = 0, idleTurns = 0; idleTurns < 5 && turns < MAX_TURNS; turns++) {
    await new Promise(setImmediate);
    idleTurns = server.pendingRequests === 0 ? idleTurns + 1 : 0;
  }
}
