import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export type Fetch = (request: Request) => Response | Promise<Response>;

/** A node:http server, which Socket.IO needs, that leaves every other path to `fetch`. */
export function createHttpServer(fetch: Fetch): Server {
  return createServer((request, response) => {
    answer(fetch, request, response).catch(() => response.writeHead(400).end());
  });
}

async function answer(fetch: Fetch, request: IncomingMessage, response: ServerResponse) {
  const { method = 'GET', url = '/', headers } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  const given = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    `${value}`,
  ]);
  const answered = await fetch(new Request(`http://service${url}`, { method, headers: given }));
  response.writeHead(answered.status, Object.fromEntries(answered.headers));
  response.end(Buffer.from(await answered.arrayBuffer()));
}
