import { copyFileSync, mkdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { Tool } from '../machine/toolchain.ts';
import { root } from '../paths.ts';
import type { Ports } from '../processes/ports.ts';
import { runCommand } from '../processes/run-command.ts';
import type { ProcessSpec } from '../processes/supervised-process.ts';
import { respondsOk } from './http.ts';
import { services } from './services.ts';
import type { TlsFiles } from './tls.ts';

interface Options {
  tool: Tool;
  directory: string;
  ports: Ports;
  tls: TlsFiles;
  /** Path of the access log; default: off. */
  accessLog?: string;
  /** Further variables of render.sh, such as LIMIT_REQUESTS. */
  variables?: Record<string, string>;
}

/** nginx with the same site template as the containers. */
export function createNginx(options: Options) {
  const { tool, directory, ports, tls, accessLog = 'off', variables } = options;
  const configuration = join(directory, 'nginx.conf');
  const url = `https://localhost:${ports.https}`;
  const ca = readFileSync(tls.ca, 'utf8');
  const servers = (kind: string) =>
    services
      .filter((service) => service.kind === kind)
      .map(({ name }) => `127.0.0.1:${ports[name]}`)
      .join(' ');
  const spec: ProcessSpec = {
    name: 'nginx',
    command: [
      tool.path,
      ...['-p', directory, '-e', 'stderr', '-c', configuration],
      // Otherwise workers of root run as an account that cannot read the clone.
      ...(process.getuid?.() === 0 ? ['-g', 'user root;'] : []),
    ],
    env: tool.env,
    directory,
    isReady: () => respondsOk(`${url}/health/live`, ca),
    stopTimeoutMs: 5000,
  };
  const site: Record<string, string> = {
    ...tool.env,
    NGINX: tool.path,
    OUTPUT: join(directory, 'site.conf'),
    API_SERVERS: servers('api'),
    WEBSOCKET_SERVERS: servers('websocket'),
    TLS_CERTIFICATE: tls.certificate,
    TLS_KEY: tls.key,
    HTTPS_LISTEN: `127.0.0.1:${ports.https}`,
    HTTP_LISTEN: `127.0.0.1:${ports.http}`,
    PUBLIC_HOST: 'localhost',
    PUBLIC_PORT: String(ports.https),
    ACCESS_LOG: accessLog,
    ...variables,
  };
  return {
    spec,
    url,
    /** The variables of render.sh. */
    site,
    /** The command that reloads the configuration. */
    reload: [tool.path, '-p', directory, '-e', 'stderr', '-c', configuration, '-s', 'reload'],
    /** Writes the configuration. Throws if render.sh rejects a variable. */
    async configure(): Promise<void> {
      mkdirSync(join(directory, 'tmp'), { recursive: true });
      copyFileSync(join(import.meta.dir, 'nginx.conf'), configuration);
      await runCommand(['sh', join(root, 'nginx/render.sh')], { env: site });
    },
  };
}
