import type { ApplicationLifecycle } from '@insightdesk/shared/lifecycle';
import type { Logger } from '@insightdesk/shared/logging';
import { sleep } from '@insightdesk/shared/promises';
import { findListener } from './listener.ts';

/** What a server needs of its service. */
export interface Host {
  config: { service: { host: string; port: number } };
  lifecycle: ApplicationLifecycle;
  log: Logger;
}

type Server = Bun.Server<undefined>;
type Fetch = (request: Request, server: Server) => Response | Promise<Response>;

/** Longer than a proxy keeps its connections to us (ours: 2 s), so that it is who closes them. */
const IDLE_SECONDS = 120;
/** How long readiness says no before nobody new is let in. */
const FAREWELL_MS = 250;
/** Longer than our proxy keeps a connection that it does not use. */
const KEPT_MS = 3_000;
const LOOK_MS = 20;
/** How often the event loop turns, at most, until it finds nothing to do. */
const MAX_TURNS = 2_000;

/**
 * Answers HTTP from the end of the service's start until its stop: then readiness says no, no new
 * connections are accepted, those there are end with their next answer or when their owner tires of
 * them, and what was accepted is finished. Register it last, so that it stops first.
 */
export function serveHttp({ config, lifecycle, log }: Host, fetch: Fetch): void {
  const { host: hostname, port } = config.service;
  let server: Server | undefined;
  let isLeaving = false;
  async function answer(request: Request, host: Server) {
    const response = await fetch(request, host);
    if (isLeaving) response.headers.set('Connection', 'close');
    return response;
  }
  lifecycle.registerStartupHook('http', () => {
    server = Bun.serve({
      hostname,
      port,
      idleTimeout: IDLE_SECONDS,
      // Limits are kept by whoever reads a body, and answered as problems.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      fetch: (request, host) => (isLeaving ? answer(request, host) : fetch(request, host)),
      error(error) {
        log.error({ err: error }, 'http: not answered');
        return new Response(null, { status: 500 });
      },
    });
    log.info({ url: server.url.href }, 'http: listening');
  });
  lifecycle.registerShutdownHook('http', async () => {
    await sleep(FAREWELL_MS);
    if (!server) return;
    const listener = findListener(server.port ?? port);
    await listener?.close();
    isLeaving = listener !== undefined;
    const deadline = performance.now() + KEPT_MS;
    while (listener && performance.now() < deadline) {
      if (listener.connections() <= server.pendingRequests) break;
      await sleep(LOOK_MS);
    }
    await stillness(server);
    await server.stop();
  });
}

/**
 * The end closes connections that are idle and resets those whose request has not been read yet: a
 * proxy that sends one in that moment cannot know whether it was heard. So it comes when there are
 * none, or, where nobody can count them, when a few turns in a row found nothing to read.
 */
async function stillness(server: Pick<Server, 'pendingRequests'>): Promise<void> {
  for (let turns = 0, still = 0; still < 5 && turns < MAX_TURNS; turns++) {
    await new Promise(setImmediate);
    still = server.pendingRequests === 0 ? still + 1 : 0;
  }
}
