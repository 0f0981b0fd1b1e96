import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';

export type Fetch = (request: Request) => Response | Promise<Response>;

/** A node:http server, which Socket.IO needs; every other path is answered by `fetch`. */
export function createHttpServer(fetch: Fetch): Server {
  return createServer((request, response) => {
    respond(fetch, request, response).catch(() => response.writeHead(400).end());
  });
}

async function respond(fetch: Fetch, request: IncomingMessage, response: ServerResponse) {
  const { method = 'GET', url = '/', headers } = request;
  if (method !== 'GET' && method !== 'HEAD') {
    response.writeHead(405, { Allow: 'GET, HEAD' }).end();
    return;
  }
  const pairs = Object.entries(headers).map(([name, value]): [string, string] => [
    name,
    `${value}`,
  ]);
  const result = await fetch(new Request(`http://service${url}`, { method, headers: pairs }));
  response.writeHead(result.status, Object.fromEntries(result.headers));
  response.end(Buffer.from(await result.arrayBuffer()));
}
