import { join } from 'node:path';
import { serviceEnvironment } from './environment.ts';
import { requirePostgres } from './machine/postgres-files.ts';
import { type Log, requireTools } from './machine/toolchain.ts';
import { createOperatorFile } from './operator-file.ts';
import { root } from './paths.ts';
import { findPorts, type Ports } from './processes/ports.ts';
import type { RunFile } from './run-file.ts';
import { createInbox } from './servers/inbox.ts';
import { createNginx } from './servers/nginx.ts';
import { createPostgres } from './servers/postgres.ts';
import { loadSecrets, type Secrets } from './servers/secrets.ts';
import { extraWorkers, serviceSpec, services, serviceUrl } from './servers/services.ts';
import { prepareTls } from './servers/tls.ts';
import { createValkey } from './servers/valkey.ts';

export interface StackOptions {
  directory: string;
  /** Preferred ports; a busy port moves to the next free one. */
  ports: Ports;
  /** Whether the data may be lost in a crash. */
  disposable: boolean;
  log: Log;
  /** Whether services restart when their code changes. */
  isReloading?: boolean;
  /** The source tree of the services; default: this clone. */
  release?: string;
  /** The variables of the caller; default: those of this process. */
  variables?: Record<string, string | undefined>;
  /** Variables with the addresses of other servers, which replace those of this stack. */
  overrides?: Record<string, string>;
}

export type StackProcesses = Awaited<ReturnType<typeof prepareProcesses>>;

/** Downloads missing programs, chooses ports, and describes all processes of the stack. */
export async function prepareProcesses(options: StackOptions) {
  const { directory, ports: preferred, disposable, log } = options;
  const { isReloading = false, release = root, variables = process.env, overrides } = options;
  const [tools, files, tls, ports] = await Promise.all([
    requireTools(log),
    requirePostgres(log),
    prepareTls(join(directory, 'tls')),
    findPorts(preferred),
  ]);
  const secrets = loadSecrets(join(directory, 'secrets.json'));
  const prepared = { tools, files, tls, ports, secrets };
  const { nginx, postgres, valkey, inbox } = createServers(directory, disposable, prepared);
  const operator = createOperatorFile(join(directory, 'operator'));
  const addresses = {
    directory,
    ports,
    secrets,
    url: nginx.url,
    databaseUrl: postgres.urls.app,
    valkeyUrl: valkey.url,
    inboxUrl: inbox.url,
    operatorId: operator.read(),
  };
  const environment = { ...serviceEnvironment(addresses, variables), ...overrides };
  // Database logins of one kind of service.
  const logins = {
    api: { DATABASE_IDENTITY_URL: postgres.urls.identity },
    worker: { DATABASE_RELAY_URL: postgres.urls.relay },
    websocket: {},
  };
  const createServiceSpec = (service: (typeof services | typeof extraWorkers)[number]) =>
    serviceSpec(
      service,
      ports,
      { ...environment, ...logins[service.kind] },
      { release, isReloading },
    );
  return {
    nginx,
    postgres,
    valkey,
    inbox,
    environment,
    release,
    operator,
    describeRun,
    services: services.map(createServiceSpec),
    extraWorkers: extraWorkers.map(createServiceSpec),
  };

  /** The run file with the current pids. */
  function describeRun(pidOf: (name: string) => number | undefined, previous?: RunFile): RunFile {
    const previousPid = (name: string) =>
      previous?.services.find((service) => service.name === name)?.pid;
    return {
      ready: true,
      url: nginx.url,
      ca: tls.ca,
      inbox: inbox.url,
      smtpPort: ports.smtp,
      postgres: postgres.urls.admin,
      valkey: valkey.url,
      services: [...services, ...extraWorkers.filter(({ name }) => pidOf(name))].map((service) => ({
        ...service,
        pid: pidOf(service.name) ?? previousPid(service.name) ?? 0,
        url: serviceUrl(service, ports),
      })),
    };
  }
}

interface Prepared {
  tools: Awaited<ReturnType<typeof requireTools>>;
  files: Awaited<ReturnType<typeof requirePostgres>>;
  tls: Awaited<ReturnType<typeof prepareTls>>;
  ports: Ports;
  secrets: Secrets;
}

/** Third-party servers. */
function createServers(directory: string, disposable: boolean, prepared: Prepared) {
  const { tools, files, tls, ports, secrets } = prepared;
  const pathOf = (name: string) => join(directory, name);
  const nginx = createNginx({ tool: tools.nginx, directory: pathOf('nginx'), ports, tls });
  const postgres = createPostgres({
    files,
    directory: pathOf('postgres'),
    port: ports.postgres,
    secrets,
    disposable,
  });
  const valkey = createValkey({
    tool: tools.valkey,
    directory: pathOf('valkey'),
    port: ports.valkey,
    password: secrets.valkey,
  });
  const inbox = createInbox({
    directory: pathOf('inbox'),
    smtpPort: ports.smtp,
    webPort: ports.inbox,
  });
  return { nginx, postgres, valkey, inbox };
}
