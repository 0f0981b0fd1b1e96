import { type IncomingMessage, type ServerResponse, STATUS_CODES } from 'node:http';
import { toProblem } from '@insightdesk/shared/errors';

/** Answers a request of the transport with a problem, also a WebSocket upgrade. */
export function rejectRequest(
  request: IncomingMessage,
  response: ServerResponse,
  error: Error,
): void {
  const problem = toProblem(error, { requestId: Bun.randomUUIDv7() });
  const body = JSON.stringify(problem);
  const headers = {
    'Retry-After': '1',
    Connection: 'close',
    'Content-Type': 'application/problem+json',
    'Content-Length': String(Buffer.byteLength(body)),
  };
  if (request.headers.upgrade === undefined) {
    response.writeHead(problem.status, headers);
    response.end(body);
    return;
  }
  // Engine.IO's response to an upgrade writes nothing, which a proxy reports as 502.
  const lines = Object.entries(headers).map(([name, value]) => `${name}: ${value}`);
  const status = `HTTP/1.1 ${problem.status} ${STATUS_CODES[problem.status] ?? ''}`;
  request.socket.end([status, ...lines, '', body].join('\r\n'));
}
