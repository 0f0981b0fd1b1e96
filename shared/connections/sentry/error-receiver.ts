/** One event as it came, and how. */
export interface ReceivedEvent {
  /** What the whole envelope said. */
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

/** For tests: a server that takes envelopes of Sentry's protocol; `answer` may refuse them, or take its time. */
export function startErrorReceiver(
  answer: (n: number) => Response | Promise<Response> = () => Response.json({}),
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
      return answer(received.length);
    },
  });
  return {
    dsn: `http://public@127.0.0.1:${server.port}/7`,
    received,
    /** Waits for an event; the test's own time limit ends it. */
    async find(isWanted: (event: ReceivedEvent['event']) => boolean): Promise<ReceivedEvent> {
      for (;;) {
        const found = received.find(({ event }) => isWanted(event));
        if (found) return found;
        await Bun.sleep(20);
      }
    },
    async stop() {
      await server.stop(true);
    },
  };
}
