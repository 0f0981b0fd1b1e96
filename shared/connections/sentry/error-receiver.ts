/** A received event. */
export interface ReceivedEvent {
  /** The whole envelope. */
  text: string;
  headers: Headers;
  event: {
    event_id: string;
    level?: string;
    release?: string;
    environment?: string;
    server_name?: string;
    tags?: Record<string, unknown>;
    user?: { id?: string };
    contexts?: Record<string, Record<string, unknown> | undefined>;
    breadcrumbs?: { message?: string; category?: string; data?: object; timestamp?: number }[];
    exception?: {
      values: {
        type: string;
        value: string;
        stacktrace?: { frames: object[] };
        mechanism?: object;
      }[];
    };
  };
}

/** A server for tests that receives envelopes of Sentry's protocol; `respond` may refuse or wait. */
export function startErrorReceiver(
  respond: (n: number) => Response | Promise<Response> = () => Response.json({}),
) {
  const received: ReceivedEvent[] = [];
  const server = Bun.serve({
    port: 0,
    hostname: '127.0.0.1',
    async fetch(request) {
      const text = await request.text();
      const { pathname, searchParams } = new URL(request.url);
      if (pathname !== '/api/7/envelope/' || searchParams.get('sentry_key') !== 'public') {
        return new Response(null, { status: 403 });
      }
      const [, head = '{}', body = '{}'] = text.split('\n');
      if (JSON.parse(head).type === 'event') {
        received.push({ text, headers: request.headers, event: JSON.parse(body) });
      }
      return respond(received.length);
    },
  });
  return {
    dsn: `http://public@127.0.0.1:${server.port}/7`,
    received,
    async stop() {
      await server.stop(true);
    },
  };
}
