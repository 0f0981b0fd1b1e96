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
/** How long those who hold connections are told to close them before we do. */
const FAREWELL_MS = 250;

/**
 * Answers HTTP from the end of the service's start until its stop: then readiness says no, kept
 * connections are closed with their next answer, no new ones are accepted, and what was accepted is
 * finished. Register it last, so that it stops first.
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
      fetch: async (request, self) => farewell(await fetch(request, self)),
      error(error) {
        log.error({ err: serializeError(error) }, 'http: not answered');
        return new Response(null, { status: 500 });
      },
    });
    log.info({ url: server.url.href }, 'http: listening');
  });
  lifecycle.registerShutdownHook('http', async () => {
    await sleep(FAREWELL_MS);
    await server?.stop();
  });

  function farewell(response: Response): Response {
    if (lifecycle.status().state === 'stopping') response.headers.set('Connection', 'close');
    return response;
  }
}
