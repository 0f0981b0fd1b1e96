import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { connect, type TLSSocket } from 'node:tls';
import { requireTools } from '../../tools/stack/machine/toolchain.ts';
import { createPidFiles } from '../../tools/stack/processes/pid-files.ts';
import { findPorts, portsFrom } from '../../tools/stack/processes/ports.ts';
import { createSupervisor } from '../../tools/stack/processes/supervisor.ts';
import { createNginx } from '../../tools/stack/servers/nginx.ts';
import { prepareTls, type TlsFiles } from '../../tools/stack/servers/tls.ts';

export const serverNames = ['api-1', 'api-2', 'websocket-1', 'websocket-2'] as const;
export type ServerName = (typeof serverNames)[number];
export type TestNginx = Awaited<ReturnType<typeof startTestNginx>>;
type RequestHandler = (
  name: ServerName,
  request: IncomingMessage,
  response: ServerResponse,
) => void;

/** Starts a real nginx with our site; `handle` responds for its upstream servers. */
export async function startTestNginx(
  variables: Record<string, string>,
  handle: RequestHandler,
  tls?: TlsFiles,
) {
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-nginx-'));
  const ports = await findPorts(portsFrom(9_000 + 20 * Math.floor(Math.random() * 40)));
  const output: string[] = [];
  const supervisor = createSupervisor({
    pidFiles: createPidFiles(join(directory, 'processes')),
    onLine: (_, line) => output.push(line),
  });
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

  /** The access log as bytes. */
  const readLog = () => (existsSync(accessLog) ? readFileSync(accessLog) : Buffer.alloc(0));

  const upstreams = createUpstreams(ports, handle);
  await Promise.all(serverNames.map(upstreams.listen));
  await nginx.configure();
  await supervisor.start(nginx.spec);
  return {
    directory,
    ports,
    ca,
    listen: upstreams.listen,
    stop: upstreams.stop,
    origin: nginx.url,
    site: nginx.site,
    reload: nginx.reload.join(' '),
    request: (path: string, init: RequestInit = {}) =>
      fetch(`${nginx.url}${path}`, { redirect: 'manual', tls: { ca }, ...init }),
    connect: (options: object = {}): TLSSocket =>
      connect({
        host: '127.0.0.1',
        port: ports.https,
        ca,
        servername: 'localhost',
        ...options,
      }),
    readLog,
    logLines: () => parseLog(readLog()),
    /** Everything that nginx wrote to stdout and stderr. */
    output,
    async close() {
      await supervisor.stop('nginx');
      await upstreams.close();
      rmSync(directory, { recursive: true });
    },
  };
}

/** The upstream servers; they accept upgrades and echo. */
function createUpstreams(ports: Readonly<Record<ServerName, number>>, handle: RequestHandler) {
  const servers = new Map<ServerName, Server>();
  const upgraded = new Set<Socket>();

  async function listen(name: ServerName) {
    const server = createServer((request, response) => handle(name, request, response));
    server.on('upgrade', (_, socket) => {
      upgraded.add(socket as Socket);
      echo(socket as Socket);
    });
    servers.set(name, server);
    await new Promise<void>((resolve) => server.listen(ports[name], '127.0.0.1', resolve));
  }

  async function stop(name: ServerName) {
    const server = servers.get(name);
    const closed = new Promise((resolve) => server?.close(resolve));
    server?.closeAllConnections();
    await closed;
  }

  async function close() {
    for (const socket of upgraded) socket.destroy();
    await Promise.all(serverNames.map(stop));
  }

  return { listen, stop, close };
}

/** The lines of an access log; throws when it is not UTF-8 or not JSON. */
function parseLog(log: Buffer): Record<string, unknown>[] {
  const text = new TextDecoder('utf-8', { fatal: true }).decode(log);
  return text
    .split('\n')
    .filter(Boolean)
    .map((line) => JSON.parse(line) as Record<string, unknown>);
}

/** Accepts an upgrade and echoes all bytes. */
function echo(socket: Socket) {
  socket.on('error', () => {});
  socket.write('HTTP/1.1 101 Switching Protocols\r\nConnection: upgrade\r\nUpgrade: echo\r\n\r\n');
  socket.on('data', (bytes) => socket.write(bytes));
}
