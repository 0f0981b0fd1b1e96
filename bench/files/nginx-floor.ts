import { existsSync, globSync, mkdirSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { homedir } from 'node:os';
import { dirname, join } from 'node:path';

/** nginx with one process that serves a directory. */
export async function startNginx(directory: string) {
  const program = findNginx();
  const port = await freePort();
  mkdirSync(join(directory, 'temp'), { recursive: true });
  const temps = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map(
    (name) => `${name}_temp_path ${join(directory, 'temp', name)};`,
  );
  const configuration = join(directory, 'nginx.conf');
  writeFileSync(
    configuration,
    `daemon off; master_process off; pid ${join(directory, 'nginx.pid')}; error_log stderr crit;
events { worker_connections 64; }
http { sendfile on; access_log off; ${temps.join(' ')}
  server { listen 127.0.0.1:${port}; root ${join(directory, 'files')}; } }`,
  );
  const nginx = Bun.spawn([program, '-e', 'stderr', '-p', directory, '-c', configuration], {
    env: { ...Bun.env, LD_LIBRARY_PATH: join(dirname(dirname(program)), 'lib/x86_64-linux-gnu') },
    stdio: ['ignore', 'inherit', 'inherit'],
  });
  const origin = `http://127.0.0.1:${port}`;
  for (let attempts = 0; !(await responds(origin)); attempts++) {
    if (attempts > 100 || nginx.exitCode !== null) throw new Error('nginx does not respond');
    await Bun.sleep(50);
  }
  return {
    pid: nginx.pid,
    origin,
    async stop() {
      nginx.kill();
      await nginx.exited;
    },
  };
}

const responds = (url: string) =>
  fetch(url).then(
    () => true,
    () => false,
  );

/** nginx of this machine, or the one that the local stack downloaded. */
function findNginx(): string {
  const cache = process.env.XDG_CACHE_HOME ?? join(homedir(), '.cache');
  const fetched = globSync(join(cache, 'insightdesk/*/usr/sbin/nginx'));
  const found = [Bun.which('nginx'), '/usr/sbin/nginx', ...fetched].find(
    (path) => path && existsSync(path),
  );
  if (!found) throw new Error('nginx was not found: run `npm start` once');
  return found;
}

function freePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const server = createServer();
    server.once('error', reject);
    server.listen(0, '127.0.0.1', () => {
      const address = server.address();
      server.close(() => resolve(typeof address === 'object' ? (address?.port ?? 0) : 0));
    });
  });
}
