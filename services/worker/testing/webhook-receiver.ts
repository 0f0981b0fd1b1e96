interface ReceivedDelivery {
  id: string;
  type: string;
  data: unknown;
  body: string;
  headers: Headers;
}

type Respond = (type: string, attempt: number) => Response;

/** A server that receives webhooks: stores each delivery and responds as set by `respondWith`. */
export function openWebhookReceiver(port = 0) {
  const received: ReceivedDelivery[] = [];
  let respond: Respond = () => new Response('ok');
  const attempts = new Map<string, number>();
  const server = Bun.serve({
    port,
    hostname: '127.0.0.1',
    async fetch(request) {
      const body = await request.text();
      const id = request.headers.get('webhook-id') ?? '';
      const { type, data } = JSON.parse(body) as { type: string; data: unknown };
      const attempt = (attempts.get(id) ?? 0) + 1;
      attempts.set(id, attempt);
      const response = respond(type, attempt);
      received.push({ id, type, data, body, headers: request.headers });
      return response;
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}/hooks`,
    received,
    respondWith(next: Respond) {
      respond = next;
    },
    close: () => server.stop(true),
  };
}
