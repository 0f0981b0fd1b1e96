import { serializeError } from '@insightdesk/shared/errors';
import type { ApplicationLifecycle } from '@insightdesk/shared/lifecycle';
import type { Logger } from '@insightdesk/shared/logging';
import { sleep } from '@insightdesk/shared/promises';

/** What a server needs of its service. */
export interface Host {
  config: { service: { host: string; port: number } };
  lifecycle: ApplicationLifecycle;
  log: Logger;
}

type Server = Bun.Server<undefined>;
type Fetch = (request: Request, server: Server) => Response | Promise<Response>;

/** Longer than a proxy keeps its connections to us (nginx: 60 s), so that it is who closes them. */
const IDLE_SECONDS = 120;
/** How long readiness says no before nobody new is let in. */
const FAREWELL_MS = 250;
/** How often the event loop turns, at most, until it finds nothing to do. */
const MAX_TURNS = 2_000;

/**
 * Answers HTTP from the end of the service's start until its stop: then readiness says no, no new
 * connections are accepted, idle ones are closed, and what was accepted is finished. Register it
 * last, so that it stops first.
 */
export function serveHttp({ config, lifecycle, log }: Host, fetch: Fetch): void {
  const { host: hostname, port } = config.service;
  let server: Server | undefined;
  lifecycle.registerStartupHook('http', () => {
    server = Bun.serve({
      hostname,
      port,
      idleTimeout: IDLE_SECONDS,
      // Limits are kept by whoever reads a body, and answered as problems.
      maxRequestBodySize: Number.MAX_SAFE_INTEGER,
      development: false,
      fetch,
      error(error) {
        log.error({ err: serializeError(error) }, 'http: not answered');
        return new Response(null, { status: 500 });
      },
    });
    log.info({ url: server.url.href }, 'http: listening');
  });
  lifecycle.registerShutdownHook('http', async () => {
    await sleep(FAREWELL_MS);
    if (server) await stillness(server);
    await server?.stop();
  });
}

/**
 * The end resets connections whose request has not been read yet, so it comes when a few turns in a
 * row found none. Proxies are not asked to close theirs before: one that has to connect anew sends
 * its request a moment later, and that moment is when it would be reset.
 */
async function stillness(server: Pick<Server, 'pendingRequests'>): Promise<void> {
  for (let turns = 0, still = 0; still < 5 && turns < MAX_TURNS; turns++) {
    await new Promise(setImmediate);
    still = server.pendingRequests === 0 ? still + 1 : 0;
  }
}
