import { createServer } from 'node:net';
import { SystemError } from '@insightdesk/shared/errors';

/** The first free TCP port from `from` upwards on `host`. */
export async function findAvailablePort(from: number, host = '127.0.0.1'): Promise<number> {
  for (let port = from; port <= 65_535; port++) {
    if (await isFree(port, host)) return port;
  }
  throw new SystemError(`No port from ${from} to 65535 is available`);
}

function isFree(port: number, host: string): Promise<boolean> {
  return new Promise((resolve) => {
    const server = createServer();
    server.once('error', () => resolve(false));
    server.listen(port, host, () => server.close(() => resolve(true)));
  });
}
