import { expect, test } from 'bun:test';
import { chmodSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { root } from '../../tools/stack/paths.ts';
import { runCommand } from '../../tools/stack/processes/run-command.ts';

/** Renders the site for a version of nginx. */
async function render(version: string, env: Record<string, string> = {}): Promise<string> {
  const directory = mkdtempSync(join(tmpdir(), 'insightdesk-render-'));
  try {
    const [nginx, output] = [join(directory, 'nginx'), join(directory, 'site.conf')];
    writeFileSync(nginx, `#!/bin/sh\necho 'nginx version: nginx/${version}' >&2\n`);
    chmodSync(nginx, 0o755);
    await runCommand(['sh', join(root, 'nginx/render.sh')], {
      env: {
        NGINX: nginx,
        OUTPUT: output,
        API_SERVERS: 'a:1 b:2',
        WEBSOCKET_SERVERS: 'c:3 d:4 e:5',
        TLS_CERTIFICATE: '/tls/certificate & more.pem',
        TLS_KEY: '/tls/key.pem',
        ...env,
      },
    });
    return readFileSync(output, 'utf8');
  } finally {
    rmSync(directory, { recursive: true });
  }
}

test.each([
  ['1.22.1', 'listen 443 ssl http2;'],
  ['1.26.3', 'listen 443 ssl;\n  http2 on;'],
  ['1.29.0', 'listen 443 ssl;\n  http2 on;'],
])('render.sh: HTTP/2 directives for nginx %s', async (version, lines) => {
  expect(await render(version)).toContain(lines);
});

test('render.sh: session ids are mapped to their replica', async () => {
  const site = await render('1.26.0');
  expect(site).toContain('"~^3\\." websocket_3;');
  expect(site).toMatch(/upstream websocket_3 \{\n {2}server e:5 max_fails=0;\n\}/);
  expect(site.match(/ {2}server [ab]:\d max_fails=1 fail_timeout=1s;/g)).toHaveLength(2);
});

test('render.sh: all placeholders are replaced with unescaped values', async () => {
  const site = await render('1.26.0', { PUBLIC_PORT: '8443', MAX_UPLOAD: '101m' });
  expect(site).not.toContain('{{');
  expect(site).toContain('ssl_certificate "/tls/certificate & more.pem";');
  expect(site).toContain('return 308 https://localhost:8443$request_uri;');
  expect(site).toContain('client_max_body_size 101m;');
});

test.each([
  [{ APP_URL: 'https://desk.example' }, 'https://desk.example$request_uri'],
  [{ APP_URL: 'https://desk.example:8443/x', PUBLIC_PORT: '8443' }, 'https://desk.example:8443$'],
  [{ APP_URL: 'https://[2001:db8::1]' }, 'https://[2001:db8::1]$request_uri'],
  [{ APP_URL: 'https://a.example', PUBLIC_HOST: 'b.example' }, 'https://b.example$request_uri'],
])('render.sh: plain HTTP redirects to the public host: %p', async (env, expected) => {
  expect(await render('1.26.0', env)).toContain(`return 308 ${expected}`);
});

test.each([
  [{}, '26m'],
  [{ MAX_FILE_SIZE: '', MAX_UPLOAD: '' }, '26m'],
  [{ MAX_FILE_SIZE: '26214401' }, '27m'],
  [{ MAX_FILE_SIZE: '5368709120' }, '5121m'],
  [{ MAX_FILE_SIZE: '1', MAX_UPLOAD: '64m' }, '64m'],
])('render.sh: the upload limit is above MAX_FILE_SIZE: %p', async (env, size) => {
  expect(await render('1.26.0', env)).toContain(`client_max_body_size ${size};`);
});

test.each(['25m', '1;2', '-1', '9'.repeat(20)])(
  'render.sh: MAX_FILE_SIZE %p is rejected',
  async (size) => {
    await expect(render('1.26.0', { MAX_FILE_SIZE: size })).rejects.toThrow('MAX_FILE_SIZE');
  },
);

test('render.sh: a PUBLIC_HOST that is not a host name is rejected', async () => {
  await expect(render('1.26.0', { PUBLIC_HOST: 'a; return 200' })).rejects.toThrow('PUBLIC_HOST');
});

test.each([
  [{}, { requests: 100, connections: 512, sockets: 6000 }],
  [{ RATE_LIMIT_MAX_REQUESTS: '60000' }, { requests: 4000, connections: 4000, sockets: 6000 }],
  [{ RATE_LIMIT_MAX_REQUESTS: '9'.repeat(16) }, { requests: 1e6, connections: 65_535 }],
  [{ REALTIME_MAX_SOCKETS_PER_ADDRESS: '20000' }, { requests: 100, sockets: 21_000 }],
  [
    { LIMIT_REQUESTS: '7', LIMIT_CONNECTIONS: '8', LIMIT_SOCKETS: '9' },
    { requests: 7, sockets: 9 },
  ],
  [{ LIMIT_REQUESTS: '0' }, { requests: undefined, connections: 512, sockets: 6000 }],
  [{ LIMIT_CONNECTIONS: '0' }, { requests: 100, connections: undefined, sockets: 6000 }],
  [{ LIMIT_SOCKETS: '0' }, { requests: 100, connections: 512, sockets: 65_535 }],
  [{ RATE_LIMIT_MAX_REQUESTS: '0', LIMIT_REQUESTS: '5' }, { requests: undefined }],
])(
  'render.sh: limits per address with %p',
  async (env: Record<string, string>, expected: object) => {
    const site = await render('1.26.0', { RATE_LIMIT_MAX_REQUESTS: '', ...env });
    const number = (pattern: RegExp) => {
      const found = pattern.exec(site)?.[1];
      return found === undefined ? undefined : Number(found);
    };
    const limits = {
      requests: number(/zone=requests:10m rate=(\d+)r\/s/),
      connections: number(/limit_conn connections (\d+);/),
      sockets: number(/limit_conn sockets (\d+);/),
    };
    expect(limits).toMatchObject(expected);
    if (env.RATE_LIMIT_MAX_REQUESTS === '0') expect(site).not.toMatch(/^\s*limit_(req|conn)/m);
  },
);

test.each(['LIMIT_REQUESTS', 'LIMIT_CONNECTIONS', 'LIMIT_SOCKETS', 'RATE_LIMIT_WINDOW_MS'])(
  'render.sh: %s has to be an integer',
  async (name) => {
    for (const value of ['-1', '1.5', '08', '5; deny all', '1'.repeat(30)]) {
      const env = { RATE_LIMIT_MAX_REQUESTS: '300', [name]: value };
      await expect(render('1.26.0', env)).rejects.toThrow(`${name} is not an integer`);
    }
  },
);

test('render.sh: FRONT_PROXIES are addresses', async () => {
  const site = await render('1.26.0', { FRONT_PROXIES: '10.0.0.0/8 2001:db8::/32' });
  expect(site.match(/set_real_ip_from (10\.0\.0\.0\/8|2001:db8::\/32);/g)).toHaveLength(4);
  await expect(render('1.26.0', { FRONT_PROXIES: 'all;' })).rejects.toThrow('FRONT_PROXIES');
  expect(await render('1.26.0')).not.toContain('real_ip');
});

test('render.sh: a missing API_SERVERS is reported', async () => {
  await expect(render('1.26.0', { API_SERVERS: '' })).rejects.toThrow('host:port of every API');
});
