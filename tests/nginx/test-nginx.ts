import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { requireTools } from '../../tools/stack/machine/toolchain.ts';
import { createLeftovers } from '../../tools/stack/processes/orphans.ts';
import { findPorts, portsFrom } from '../../tools/stack/processes/ports.ts';
import { createSupervisor } from '../../tools/stack/processes/supervisor.ts';
import { createNginx } from '../../tools/stack/servers/nginx.ts';
import { prepareTls, type TlsFiles } from '../../tools/stack/servers/tls.ts';

export const serverNames = ['api-1', 'api-2', 'websocket-1', 'websocket-2'] as const;
export type ServerName = (typeof serverNames)[number];
type Answer = (name: ServerName, request: IncomingMessage, response: ServerResponse) => void;

/** A real nginx with our site in front of servers that say who they are; for tests. */
export async function openEdge(variables: Record<string, string>, answer: Answer, tls?: TlsFiles) {
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-edge-'));
  const ports = await findPorts(portsFrom(9_000 + 20 * Math.floor(Math.random() * 40)));
  const supervisor = createSupervisor({
    leftovers: createLeftovers(join(directory, 'processes')),
    onLine: () => {},
  });
  const upstreams = new Map<ServerName, Server>();
  const upgraded = new Set<Socket>();
  const files = tls ?? (await prepareTls(join(directory, 'tls')));
  const ca = readFileSync(files.ca, 'utf8');
  const accessLog = join(directory, 'access.log');
  const { nginx: tool } = await requireTools(() => {});
  const nginx = createNginx({
    tool,
    directory: join(directory, 'nginx'),
    ports,
    tls: files,
    accessLog,
    variables,
  });

  async function listen(name: ServerName) {
    const server = createServer((request, response) => answer(name, request, response));
    server.on('upgrade', (_, socket) => {
      upgraded.add(socket as Socket);
      echo(socket as Socket);
    });
    upstreams.set(name, server);
    await new Promise<void>((resolve) => server.listen(ports[name], '127.0.0.1', resolve));
  }

  async function stop(name: ServerName) {
    const server = upstreams.get(name);
    const closed = new Promise((resolve) => server?.close(resolve));
    server?.closeAllConnections();
    await closed;
  }

  await Promise.all(serverNames.map(listen));
  await nginx.configure();
  await supervisor.start(nginx.spec);
  return {
    directory,
    ports,
    ca,
    listen,
    stop,
    origin: nginx.url,
    site: nginx.site,
    reload: nginx.reload.join(' '),
    ask: (path: string, init: RequestInit = {}) =>
      fetch(`${nginx.url}${path}`, { redirect: 'manual', tls: { ca }, ...init }),
    dial: (options: object = {}): TLSSocket =>
      connect({
        host: '127.0.0.1',
        port: ports.https,
        ca,
        servername: 'localhost',
        ...options,
      }),
    /** What was logged, as the bytes that it is. */
    log: () => (existsSync(accessLog) ? readFileSync(accessLog) : Buffer.alloc(0)),
    async close() {
      await supervisor.stop('nginx');
      for (const socket of upgraded) socket.destroy();
      await Promise.all(serverNames.map(stop));
      rmSync(directory, { recursive: true });
    },
  };
}

/** Takes an upgrade and says back whatever comes. */
function echo(socket: Socket) {
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
  socket.on('data', (bytes) => socket.write(bytes));
}
