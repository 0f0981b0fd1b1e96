import { join } from 'node:path';
import { createAutoscaler } from './autoscaler.ts';
import { type Parts, type PartsOptions, prepareParts } from './parts.ts';
import { createLeftovers, lockDirectory } from './processes/orphans.ts';
import { preferredPorts } from './processes/ports.ts';
import { killCommands } from './processes/run-command.ts';
import type { ProcessSpec } from './processes/supervised.ts';
import { createSupervisor, type Supervisor } from './processes/supervisor.ts';
import { type RunFile, removeRunFile, writeRunFile } from './run-file.ts';
import { extraWorkers, services } from './servers/services.ts';

interface Options extends Partial<Omit<PartsOptions, 'log'>> {
  /** Absolute path of the directory that holds everything this stack keeps. */
  directory: string;
  onLine(source: string, line: string): void;
  /** Runs when everything answers; may name who operates the stack, which then waits for it. */
  onAnswering?(run: RunFile): Promise<string | undefined>;
}

/** Everything of the product on one machine, under one supervisor; nothing runs before `start`. */
export function createStack(options: Options) {
  const { directory, onLine, onAnswering } = options;
  const lock = lockDirectory(directory);
  const leftovers = createLeftovers(join(directory, 'processes'));
  const supervisor = createSupervisor({ leftovers, onLine, onChange: updateRunFile });
  const log = (line: string) => onLine('stack', line);
  let parts: Parts | undefined;
  let run: RunFile | undefined;
  let scaler: ReturnType<typeof createAutoscaler> | undefined;
  let starting: Promise<unknown> = Promise.resolve();

  function updateRunFile() {
    if (!parts || !run) return;
    run = parts.describe(supervisor.pid, run);
    writeRunFile(directory, run);
  }

  async function startAll() {
    removeRunFile(directory);
    const cleared = await leftovers.clear();
    if (cleared.length > 0) log(`stopped what an earlier run had left: ${cleared.join(', ')}`);
    parts = await prepareParts({ ports: preferredPorts, disposable: false, ...options, log });
    await startParts(parts, supervisor, log);
    const answering = onAnswering?.(parts.describe(supervisor.pid));
    if (!parts.environment.OPERATOR_ORGANIZATION_ID) {
      await appoint(await answering, parts, supervisor);
    }
    run = parts.describe(supervisor.pid);
    updateRunFile();
    scaler = openAutoscaler(parts, run, supervisor, log);
    scaler.start();
    const { admin, owner, relay, identity } = parts.postgres.urls;
    const environment = {
      DATABASE_MIGRATION_URL: owner,
      DATABASE_RELAY_URL: relay,
      DATABASE_IDENTITY_URL: identity,
      POSTGRES_URL: admin,
    };
    return { run, environment: { ...parts.environment, ...environment } };
  }

  return {
    /** Starts everything; throws with what failed, and leaves it to the caller to stop the rest. */
    start() {
      const started = startAll();
      starting = started.catch(() => {});
      return started;
    },
    restart: supervisor.restart,
    /** Starts one that was stopped, or a worker beyond the first. */
    startOne: (name: string) => supervisor.start(requireSpec(parts, name)),
    stopOne: (name: string) => supervisor.stop(name),
    pidOf: supervisor.pid,
    /** Stops everything, also in the middle of a start, and leaves no process behind. */
    async stop(): Promise<void> {
      scaler?.close();
      run = undefined;
      parts = undefined;
      removeRunFile(directory);
      supervisor.close();
      killCommands();
      await supervisor.stop('nginx');
      await supervisor.stop(...[...services, ...extraWorkers].map(({ name }) => name));
      await supervisor.stop('inbox', 'valkey', 'postgres');
      await starting;
      lock.release();
    },
    /** Ends everything at once, without asking. */
    kill() {
      scaler?.close();
      run = undefined;
      killCommands();
      supervisor.killAll();
      removeRunFile(directory);
      lock.release();
    },
  };
}

function requireSpec(parts: Parts | undefined, name: string): ProcessSpec {
  const { nginx, postgres, valkey, inbox, services = [], extraWorkers = [] } = parts ?? {};
  const servers = [nginx, postgres, valkey, inbox].flatMap((server) => server?.spec ?? []);
  const spec = [...servers, ...services, ...extraWorkers].find((one) => one.name === name);
  if (!spec) throw new Error(`Nothing is called ${name}`);
  return spec;
}

/** The APIs learn once who operates the stack; their next start knows it by itself. */
async function appoint(
  id: string | undefined,
  { services, operator }: Parts,
  supervisor: Supervisor,
) {
  if (!id) return;
  operator.remember(id);
  const apis = services.filter(({ name }) => name.startsWith('api'));
  await supervisor.stop(...apis.map(({ name }) => name));
  const told = { OPERATOR_ORGANIZATION_ID: id };
  await Promise.all(
    apis.map((spec) => supervisor.start({ ...spec, env: { ...spec.env, ...told } })),
  );
}

type Migrating = typeof import('@insightdesk/shared/database');

async function startParts(parts: Parts, supervisor: Supervisor, log: (line: string) => void) {
  const { nginx, postgres, valkey, inbox, services, release } = parts;
  await Promise.all([supervisor.start(inbox.spec), startServices()]);

  async function startServices() {
    await Promise.all([startDatabase(), supervisor.start(valkey.spec), nginx.configure()]);
    // nginx is ready when an API answers through it.
    await Promise.all([...services, nginx.spec].map(supervisor.start));
  }

  async function startDatabase() {
    const [{ migrate }] = await Promise.all([
      import(join(release, 'shared/connections/database/index.ts')) as Promise<Migrating>,
      postgres.initialize().then(() => supervisor.start(postgres.spec)),
    ]);
    await postgres.provision();
    await migrate({ url: postgres.urls.owner, log });
  }
}

function openAutoscaler(
  parts: Parts,
  run: RunFile,
  supervisor: Supervisor,
  log: (line: string) => void,
) {
  const first = run.services.find(({ kind }) => kind === 'worker');
  const most = Number(parts.environment.WORKERS_MAX ?? extraWorkers.length + 1);
  const specs = parts.extraWorkers.slice(0, Math.max(0, most - 1));
  return createAutoscaler({
    names: specs.map(({ name }) => name),
    ask: () => desiredWorkers(`${first?.url}/backlog`),
    start: (name) => supervisor.start(specs.find((spec) => spec.name === name) as ProcessSpec),
    stop: (name) => supervisor.stop(name),
    log,
  });
}

/** What the first worker says, unless it is just being restarted. */
async function desiredWorkers(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return ((await response.json()) as { desiredWorkers?: number }).desiredWorkers;
  } catch {
    return undefined;
  }
}
