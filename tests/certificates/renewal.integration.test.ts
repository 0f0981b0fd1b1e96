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
const at = (name: string) => join(directory, name);
const supervisor = createSupervisor({
  pidFiles: createPidFiles(at('processes')),
  onLine: () => {},
});
const openConnections: ServerResponse[] = [];
let edge: Awaited<ReturnType<typeof startTestNginx>>;
let acme: ReturnType<typeof createPebble>;
let variables: Record<string, string>;
let follower: Bun.Subprocess;
let authority: string;

beforeAll(async () => {
  const self = await prepareTls(at('own'));
  for (const folder of ['tls', 'acme']) mkdirSync(at(folder));
  copyFileSync(self.certificate, at('tls/server.pem'));
  copyFileSync(self.key, at('tls/server.key'));
  writeFileSync(at('tls/self-made'), '');
  const tls = { ca: self.ca, certificate: at('tls/server.pem'), key: at('tls/server.key') };
  const site = { ACME_WEBROOT: at('acme'), RATE_LIMIT_MAX_REQUESTS: '0' };
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
    tls: self,
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
  authority = await acme.root();
  variables = {
    ...certbot.env,
    CERTBOT: certbot.command,
    REQUESTS_CA_BUNDLE: self.ca,
    ACME_SERVER: acme.url,
    ACME_WEBROOT: at('acme'),
    CERTIFICATES: at('kept'),
    TLS: at('tls'),
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
    stdio: ['ignore', 'ignore', Bun.file(at('refused'))],
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

/** The certificate that nginx shows to somebody who is new, and trusts this authority only. */
const shown = (ca = authority) =>
  new Promise<X509Certificate | string>((resolve) => {
    const socket = edge.connect({ ca, servername: HOSTS[0] });
    socket.once('error', (error) => resolve(error.message));
    socket.once('secureConnect', () => {
      resolve(new X509Certificate(socket.getPeerCertificate().raw));
      socket.destroy();
    });
  });
const trusted = () =>
  until(async () => {
    const found = await shown();
    return typeof found === 'string' ? undefined : found;
  });
const read = (name: string) => readFileSync(at(name), 'utf8');

test('the first certificate replaces the self-signed one', async () => {
  expect(await shown()).toBeString();
  await obtain();
  const certificate = await trusted();
  for (const host of HOSTS) expect(certificate.checkHost(host)).toBe(host);
  expect(statSync(at('tls/server.key')).mode & 0o777).toBe(0o600);
  expect(existsSync(at('tls/self-made'))).toBe(false);
  // With the one between it and the root, which clients do not have.
  expect(read('tls/server.pem').match(/BEGIN CERTIFICATE/g)).toHaveLength(2);
});

test('a certificate that is not due is retained and restored for nginx', async () => {
  const before = read('tls/server.pem');
  writeFileSync(at('tls/server.pem'), 'half of');
  await obtain();
  expect(read('tls/server.pem')).toBe(before);
});

test('a certificate that cannot be written completely is not installed', async () => {
  const [key, before] = [read('tls/server.key'), read('tls/server.pem')];
  writeFileSync(at('tls/server.key'), 'another');
  mkdirSync(at('tls/.server.pem'));
  await expect(obtain([], { CERTBOT: 'true' })).rejects.toThrow();
  expect([read('tls/server.key'), read('tls/server.pem')]).toEqual(['another', before]);
  rmSync(at('tls/.server.pem'), { recursive: true });
  await obtain([], { CERTBOT: 'true' });
  expect(read('tls/server.key')).toBe(key);
});

test('a key that does not match is not installed, and nginx continues', async () => {
  const [key, before] = [read('tls/server.key'), (await trusted()).serialNumber];
  copyFileSync(at('own/key.pem'), at('tls/server.key'));
  const refused = readFileSync(at('refused'), 'utf8').length;
  await until(() => readFileSync(at('refused'), 'utf8').length > refused);
  expect((await trusted()).serialNumber).toBe(before);
  writeFileSync(at('tls/server.key'), key);
});

test('a renewal serves new connections and leaves open ones untouched', async () => {
  const before = (await trusted()).serialNumber;
  const socket = await openSocket();
  const download = edge.request('/slow', {
    tls: { rejectUnauthorized: false },
  } as RequestInit);
  await until(() => openConnections.length, { equals: 1 });
  const asked = askOn();
  await obtain(['--force-renewal']);
  await until(async () => (await trusted()).serialNumber !== before);
  const after = asked.count();
  await until(() => asked.count() > after + 20);
  expect(await asked.stop()).toEqual([]);
  expect(await socket.echo('still here')).toBe('still here');
  openConnections.splice(0)[0]?.end('and last');
  expect(await (await download).text()).toBe('first and last');
  socket.close();
});

test('the current certificate stays while the authority is unavailable or the host is not ours', async () => {
  const before = read('tls/server.pem');
  const unavailable = { ACME_SERVER: 'https://localhost:1/dir' };
  await expect(obtain(['--force-renewal'], unavailable)).rejects.toThrow();
  const elsewhere = { ACME_WEBROOT: at('own') };
  await expect(obtain(['--force-renewal'], elsewhere)).rejects.toThrow();
  expect(read('tls/server.pem')).toBe(before);
  expect(await trusted()).toBeDefined();
});

test.each([
  [{ APP_URL: 'https://localhost:8443', API_URL: '', FILES_URL: '' }, 'localhost'],
  [{ CERTIFICATE_HOSTS: 'a.example,203.0.113.1' }, '203.0.113.1'],
  [{ CERTIFICATE_HOSTS: '*.example' }, '*.example'],
  [{ CERTIFICATE_HOSTS: '--dry-run' }, '--dry-run'],
  [{ APP_URL: '', API_URL: '', FILES_URL: '' }, 'there are none'],
])('no authority is asked for %p', async (env: Record<string, string>, words) => {
  await expect(obtain([], env)).rejects.toThrow(words);
});

test('plain HTTP serves only the ACME challenge and redirects', async () => {
  mkdirSync(at('acme/.well-known/acme-challenge'), { recursive: true });
  writeFileSync(at('acme/.well-known/acme-challenge/abc_-1'), 'proof');
  writeFileSync(at('acme/secret'), 'secret');
  const ask = (path: string) =>
    fetch(`http://localhost:${edge.ports.http}${path}`, { redirect: 'manual' });
  const found = await ask('/.well-known/acme-challenge/abc_-1');
  expect([found.status, await found.text()]).toEqual([200, 'proof']);
  expect(found.headers.get('Content-Type')).toBe('text/plain');
  expect((await ask('/.well-known/acme-challenge/none')).status).toBe(404);
  for (const path of ['/secret', '/.well-known/acme-challenge/..%2f..%2fsecret'])
    expect((await ask(path)).status).toBe(308);
});

/** A socket that stays, and says back what it is told. */
async function openSocket() {
  const socket: TLSSocket = edge.connect({ rejectUnauthorized: false });
  const next = () =>
    new Promise<string>((resolve) => socket.once('data', (bytes) => resolve(String(bytes))));
  const answered = next();
  const lines = ['GET /socket.io/ HTTP/1.1', 'Host: localhost', 'Connection: Upgrade'];
  socket.write([...lines, 'Upgrade: echo', '\r\n'].join('\r\n'));
  expect(await answered).toStartWith('HTTP/1.1 101');
  return {
    echo(word: string) {
      const answer = next();
      socket.write(word);
      return answer;
    },
    close: () => socket.destroy(),
  };
}

/** Asks again and again, each time on a connection of its own; what failed. */
function askOn() {
  let count = 0;
  let stopped = false;
  const failures: unknown[] = [];
  const asker = async () => {
    while (!stopped) {
      const init = { keepalive: false, tls: { rejectUnauthorized: false } } as RequestInit;
      const answer = await edge.request('/', init).catch((error) => error);
      if (answer?.status !== 200) failures.push(answer);
      count++;
    }
  };
  const done = Promise.all([asker(), asker()]);
  return {
    count: () => count,
    async stop() {
      stopped = true;
      await done;
      return failures;
    },
  };
}
