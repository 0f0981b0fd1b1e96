import { type ApplicationLifecycle, findAvailablePort } from '@insightdesk/shared/lifecycle';
import type { Logger } from '@insightdesk/shared/logging';

/** Serves `fetch` on the first available port from `from`, while the service runs. */
export function servePage(
  { lifecycle, log }: { lifecycle: ApplicationLifecycle; log: Logger },
  from: number,
  fetch: () => Response,
) {
  let server: ReturnType<typeof Bun.serve> | undefined;
  lifecycle.register('page', {
    async start() {
      const done = log.time('page: port found');
      const port = await findAvailablePort(from);
      server = Bun.serve({ hostname: '127.0.0.1', port, fetch });
      done({ port });
    },
    stop: () => server?.stop(true),
  });
  return { url: () => server?.url };
}
