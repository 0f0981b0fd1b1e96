import { afterAll, beforeAll, expect, test } from 'bun:test';
import { X509Certificate } from 'node:crypto';
import {
  copyFileSync,
  existsSync,
  mkdirSync,
  mkdtempSync,
  readFileSync,
  rmSync,
  statSync,
  writeFileSync,
} from 'node:fs';
import type { ServerResponse } from 'node:http';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { TLSSocket } from 'node:tls';
import { until } from '../../shared/testing/until.ts';
import { root } from '../../tools/stack/paths.ts';
import { createPidFiles } from '../../tools/stack/processes/pid-files.ts';
import { runCommand } from '../../tools/stack/processes/run-command.ts';
import { createSupervisor } from '../../tools/stack/processes/supervisor.ts';
import { prepareTls } from '../../tools/stack/servers/tls.ts';
import { requireCertbot, requirePebble } from '../../tools/test-servers/fetch-acme.ts';
import { createPebble } from '../../tools/test-servers/pebble.ts';
import { startTestNginx } from '../nginx/start-test-nginx.ts';

const HOSTS = ['desk.example', 'files.example'];
const directory = mkdtempSync(join(tmpdir(), 'insightdesk-certificates-'));
const pathOf = (name: string) => join(directory, name);
const supervisor = createSupervisor({
  pidFiles: createPidFiles(pathOf('processes')),
  onLine: () => {},
});
const openConnections: ServerResponse[] = [];
let edge: Awaited<ReturnType<typeof startTestNginx>>;
let acme: ReturnType<typeof createPebble>;
let variables: Record<string, string>;
let follower: Bun.Subprocess;
let rootCertificate: string;

beforeAll(async () => {
  const selfSigned = await prepareTls(pathOf('self-signed'));
  for (const folder of ['tls', 'acme']) mkdirSync(pathOf(folder));
  copyFileSync(selfSigned.certificate, pathOf('tls/server.pem'));
  copyFileSync(selfSigned.key, pathOf('tls/server.key'));
  writeFileSync(pathOf('tls/self-signed'), '');
  const tls = {
    ca: selfSigned.ca,
    certificate: pathOf('tls/server.pem'),
    key: pathOf('tls/server.key'),
  };
  const site = { ACME_WEBROOT: pathOf('acme'), RATE_LIMIT_MAX_REQUESTS: '0' };
  edge = await startTestNginx(
    site,
    (name, request, response) => {
      if (request.url !== '/slow') return response.end(name);
      response.write('first ');
      openConnections.push(response);
    },
    tls,
  );
  const [certbot, tools] = await Promise.all([requireCertbot(() => {}), requirePebble(() => {})]);
  acme = createPebble({
    ...tools,
    directory,
    tls: selfSigned,
    ca: edge.ca,
    httpPort: edge.ports.http,
    ports: {
      acme: edge.ports.postgres,
      management: edge.ports.valkey,
      dns: edge.ports.smtp,
      dnsManagement: edge.ports.inbox,
    },
  });
  for (const spec of acme.specs) await supervisor.start(spec);
  rootCertificate = await acme.root();
  variables = {
    ...certbot.env,
    CERTBOT: certbot.command,
    REQUESTS_CA_BUNDLE: selfSigned.ca,
    ACME_SERVER: acme.url,
    ACME_WEBROOT: pathOf('acme'),
    CERTIFICATES: pathOf('certbot'),
    TLS: pathOf('tls'),
    APP_URL: `https://${HOSTS[0]}:8443/x`,
    API_URL: `https://${HOSTS[0]}`,
    FILES_URL: `https://${HOSTS[1]}`,
    CERTIFICATE_HOSTS: '',
    CERTIFICATE_EMAIL: 'desk@desk.example',
  };
  follower = Bun.spawn(['sh', '-c', `. ${join(root, 'deploy/certificates/follow.sh')}; wait`], {
    env: {
      ...process.env,
      ...edge.site,
      NGINX_RELOAD: edge.reload,
      FOLLOW_SECONDS: '0.1',
    },
    stdio: ['ignore', 'ignore', Bun.file(pathOf('reload-errors'))],
    detached: true,
  });
});

afterAll(async () => {
  process.kill(-follower.pid, 'SIGKILL');
  await follower.exited;
  await supervisor.stop('pebble', 'dns');
  await edge.close();
  rmSync(directory, { recursive: true });
});

const obtain = (flags: string[] = [], env: Record<string, string> = {}) =>
  runCommand(['sh', join(root, 'deploy/certificates/obtain.sh'), 'once', ...flags], {
    env: { ...variables, ...env },
  });

/** The certificate that nginx sends on a new connection, or the TLS error if `ca` did not issue it. */
const servedCertificate = (ca = rootCertificate) =>
  new Promise<X509Certificate | string>((resolve) => {
    const socket = edge.connect({ ca, servername: HOSTS[0] });
    socket.once('error', (error) => resolve(error.message));
    socket.once('secureConnect', () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
  });
const trustedCertificate = () =>
  until(async () => {
    const found = await servedCertificate();
    return typeof found === 'string' ? undefined : found;
  });
const read = (name: string) => readFileSync(pathOf(name), 'utf8');

test('the first certificate replaces the self-signed one', async () => {
  expect(await servedCertificate()).toBeString();
  await obtain();
  const certificate = await trustedCertificate();
  for (const host of HOSTS) expect(certificate.checkHost(host)).toBe(host);
  expect(statSync(pathOf('tls/server.key')).mode & 0o777).toBe(0o600);
  expect(existsSync(pathOf('tls/self-signed'))).toBe(false);
  // Includes the intermediate certificate.
  expect(read('tls/server.pem').match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

test('a certificate that is not due is retained and restored for nginx', async () => {
  const before = read('tls/server.pem');
  writeFileSync(pathOf('tls/server.pem'), 'truncated');
  await obtain();
  expect(read('tls/server.pem')).toBe(before);
});

test('a certificate that cannot be written completely is not installed', async () => {
  const [key, before] = [read('tls/server.key'), read('tls/server.pem')];
  writeFileSync(pathOf('tls/server.key'), 'another');
  mkdirSync(pathOf('tls/.server.pem'));
  await expect(obtain([], { CERTBOT: 'true' })).rejects.toThrow();
  expect([read('tls/server.key'), read('tls/server.pem')]).toEqual(['another', before]);
  rmSync(pathOf('tls/.server.pem'), { recursive: true });
  await obtain([], { CERTBOT: 'true' });
  expect(read('tls/server.key')).toBe(key);
});

test('nginx continues with the previous certificate when the key does not match', async () => {
  const [key, before] = [read('tls/server.key'), (await trustedCertificate()).serialNumber];
  copyFileSync(pathOf('self-signed/key.pem'), pathOf('tls/server.key'));
  const errors = read('reload-errors').length;
  await until(() => read('reload-errors').length > errors);
  expect((await trustedCertificate()).serialNumber).toBe(before);
  writeFileSync(pathOf('tls/server.key'), key);
});

test('a renewal serves new connections and leaves open ones untouched', async () => {
  const before = (await trustedCertificate()).serialNumber;
  const socket = await openSocket();
  const download = edge.request('/slow', {
    tls: { rejectUnauthorized: false },
  } as RequestInit);
  await until(() => openConnections.length, { equals: 1 });
  const requests = requestContinuously();
  await obtain(['--force-renewal']);
  await until(async () => (await trustedCertificate()).serialNumber !== before);
  const after = requests.count();
  await until(() => requests.count() > after + 20);
  expect(await requests.stop()).toEqual([]);
  expect(await socket.echo('ping')).toBe('ping');
  openConnections.splice(0)[0]?.end('last');
  expect(await (await download).text()).toBe('first last');
  socket.close();
});

test('the current certificate stays when the ACME server is unavailable or the challenge fails', async () => {
  const before = read('tls/server.pem');
  const unavailable = { ACME_SERVER: 'https://localhost:1/dir' };
  await expect(obtain(['--force-renewal'], unavailable)).rejects.toThrow();
  const wrongWebroot = { ACME_WEBROOT: pathOf('self-signed') };
  await expect(obtain(['--force-renewal'], wrongWebroot)).rejects.toThrow();
  expect(read('tls/server.pem')).toBe(before);
  expect(await trustedCertificate()).toBeDefined();
});

test.each([
  [{ APP_URL: 'https://localhost:8443', API_URL: '', FILES_URL: '' }, 'localhost'],
  [{ CERTIFICATE_HOSTS: 'a.example,203.0.113.1' }, '203.0.113.1'],
  [{ CERTIFICATE_HOSTS: '*.example' }, '*.example'],
  [{ CERTIFICATE_HOSTS: '--dry-run' }, '--dry-run'],
  [{ APP_URL: '', API_URL: '', FILES_URL: '' }, 'is empty'],
])('obtain.sh rejects %p', async (env: Record<string, string>, message) => {
  await expect(obtain([], env)).rejects.toThrow(message);
});

test('plain HTTP serves only the ACME challenge and redirects', async () => {
  mkdirSync(pathOf('acme/.well-known/acme-challenge'), { recursive: true });
  writeFileSync(pathOf('acme/.well-known/acme-challenge/abc_-1'), 'challenge');
  writeFileSync(pathOf('acme/secret'), 'secret');
  const request = (path: string) =>
    fetch(`http://localhost:${edge.ports.http}${path}`, { redirect: 'manual' });
  const response = await request('/.well-known/acme-challenge/abc_-1');
  expect([response.status, await response.text()]).toEqual([200, 'challenge']);
  expect(response.headers.get('Content-Type')).toBe('text/plain');
  expect((await request('/.well-known/acme-challenge/none')).status).toBe(404);
  for (const path of ['/secret', '/.well-known/acme-challenge/..%2f..%2fsecret'])
    expect((await request(path)).status).toBe(308);
});

/** Opens a connection to an echo server. */
async function openSocket() {
  const socket: TLSSocket = edge.connect({ rejectUnauthorized: false });
  const next = () =>
    new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
  const response = next();
  const lines = ['GET /socket.io/ HTTP/1.1', 'Host: localhost', 'Connection: Upgrade'];
  socket.write([...lines, 'Upgrade: echo', '\r\n'].join('\r\n'));
  expect(await response).toStartWith('HTTP/1.1 101');
  return {
    echo(text: string) {
      const reply = next();
      socket.write(text);
      return reply;
    },
    close: () => socket.destroy(),
  };
}

/** Sends requests, each on a new connection, until `stop`, which returns the failures. */
function requestContinuously() {
  let count = 0;
  let stopped = false;
  const failures: unknown[] = [];
  const sendRequests = async () => {
    while (!stopped) {
      const init = { keepalive: false, tls: { rejectUnauthorized: false } } as RequestInit;
      const response = await edge.request('/', init).catch((error) => error);
      if (response?.status !== 200) failures.push(response);
      count++;
    }
  };
  const done = Promise.all([sendRequests(), sendRequests()]);
  return {
    count: () => count,
    async stop() {
      stopped = true;
      await done;
      return failures;
    },
  };
}
