import { join } from 'node:path';
import { createAutoscaler } from './autoscaler.ts';
import { createPidFiles, lockDirectory } from './processes/pid-files.ts';
import { preferredPorts } from './processes/ports.ts';
import { killCommands } from './processes/run-command.ts';
import type { ProcessSpec } from './processes/supervised-process.ts';
import { createSupervisor, type Supervisor } from './processes/supervisor.ts';
import { type RunFile, removeRunFile, writeRunFile } from './run-file.ts';
import { extraWorkers, services } from './servers/services.ts';
import { prepareProcesses, type StackOptions, type StackProcesses } from './stack-processes.ts';

interface Options extends Partial<Omit<StackOptions, 'log'>> {
  /** Absolute path of the directory for all data of this stack. */
  directory: string;
  onLine(source: string, line: string): void;
  /** Runs when every service is ready. Returns the operator organization, if there is one. */
  onReady?(run: RunFile): Promise<string | undefined>;
}

/** All services and servers on this machine under one supervisor. Nothing runs before `start`. */
export function createStack(options: Options) {
  const { directory, onLine, onReady } = options;
  const lock = lockDirectory(directory);
  const pidFiles = createPidFiles(join(directory, 'processes'));
  const supervisor = createSupervisor({ pidFiles, onLine, onChange: updateRunFile });
  const log = (line: string) => onLine('stack', line);
  let processes: StackProcesses | undefined;
  let run: RunFile | undefined;
  let scaler: ReturnType<typeof createAutoscaler> | undefined;
  let starting: Promise<unknown> = Promise.resolve();

  function updateRunFile() {
    if (!processes || !run) return;
    run = processes.describeRun(supervisor.pid, run);
    writeRunFile(directory, run);
  }

  async function startAll() {
    removeRunFile(directory);
    const orphans = await pidFiles.stopOrphans();
    if (orphans.length > 0) log(`stopped processes of an earlier run: ${orphans.join(', ')}`);
    processes = await prepareProcesses({
      ports: preferredPorts,
      disposable: false,
      ...options,
      log,
    });
    await startProcesses(processes, supervisor, log);
    const operatorId = onReady?.(processes.describeRun(supervisor.pid));
    if (!processes.environment.OPERATOR_ORGANIZATION_ID) {
      await setOperator(await operatorId, processes, supervisor);
    }
    run = processes.describeRun(supervisor.pid);
    updateRunFile();
    scaler = createWorkerScaler(processes, run, supervisor, log);
    scaler.start();
    return { run, environment: environmentOf(processes) };
  }

  return {
    /** Starts all processes. If it throws, the caller must call `stop`. */
    start() {
      const started = startAll();
      starting = started.catch(() => {});
      return started;
    },
    restart: supervisor.restart,
    /** Starts a process that was stopped, or an extra worker. */
    startOne: (name: string) => supervisor.start(requireSpec(processes, name)),
    stopOne: (name: string) => supervisor.stop(name),
    pidOf: supervisor.pid,
    /** Stops all processes, also during a start. */
    async stop(): Promise<void> {
      scaler?.close();
      run = undefined;
      processes = undefined;
      removeRunFile(directory);
      supervisor.close();
      killCommands();
      await supervisor.stop('nginx');
      await supervisor.stop(...[...services, ...extraWorkers].map(({ name }) => name));
      await supervisor.stop('inbox', 'valkey', 'postgres');
      await starting;
      lock.release();
    },
    /** Kills all processes. */
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

/** The environment of tests: that of the services, with every database login. */
function environmentOf({ environment, postgres }: StackProcesses) {
  const { admin, owner, relay, identity } = postgres.urls;
  return {
    ...environment,
    DATABASE_MIGRATION_URL: owner,
    DATABASE_RELAY_URL: relay,
    DATABASE_IDENTITY_URL: identity,
    POSTGRES_URL: admin,
  };
}

function requireSpec(processes: StackProcesses | undefined, name: string): ProcessSpec {
  const { nginx, postgres, valkey, inbox, services = [], extraWorkers = [] } = processes ?? {};
  const servers = [nginx, postgres, valkey, inbox].flatMap((server) => server?.spec ?? []);
  const spec = [...servers, ...services, ...extraWorkers].find(
    (candidate) => candidate.name === name,
  );
  if (!spec) throw new Error(`Unknown process ${name}`);
  return spec;
}

/** Restarts the APIs with the operator organization. The next start reads it from the file. */
async function setOperator(
  id: string | undefined,
  { services, operator }: StackProcesses,
  supervisor: Supervisor,
) {
  if (!id) return;
  operator.write(id);
  const apis = services.filter(({ name }) => name.startsWith('api'));
  await supervisor.stop(...apis.map(({ name }) => name));
  const operatorVariables = { OPERATOR_ORGANIZATION_ID: id };
  await Promise.all(
    apis.map((spec) => supervisor.start({ ...spec, env: { ...spec.env, ...operatorVariables } })),
  );
}

type DatabaseModule = typeof import('@insightdesk/shared/database');

async function startProcesses(
  processes: StackProcesses,
  supervisor: Supervisor,
  log: (line: string) => void,
) {
  const { nginx, postgres, valkey, inbox, services, release } = processes;
  await Promise.all([supervisor.start(inbox.spec), startServices()]);

  async function startServices() {
    await Promise.all([startDatabase(), supervisor.start(valkey.spec), nginx.configure()]);
    // nginx is ready when an API responds through it.
    await Promise.all([...services, nginx.spec].map(supervisor.start));
  }

  async function startDatabase() {
    const [{ migrate }] = await Promise.all([
      import(join(release, 'shared/connections/database/index.ts')) as Promise<DatabaseModule>,
      postgres.initialize().then(() => supervisor.start(postgres.spec)),
    ]);
    await postgres.provision();
    await migrate({ url: postgres.urls.owner, log });
  }
}

function createWorkerScaler(
  processes: StackProcesses,
  run: RunFile,
  supervisor: Supervisor,
  log: (line: string) => void,
) {
  const first = run.services.find(({ kind }) => kind === 'worker');
  const maxWorkers = Number(processes.environment.WORKERS_MAX ?? extraWorkers.length + 1);
  const specs = processes.extraWorkers.slice(0, Math.max(0, maxWorkers - 1));
  return createAutoscaler({
    names: specs.map(({ name }) => name),
    readDesired: () => desiredWorkers(`${first?.url}/backlog`),
    start: (name) => supervisor.start(specs.find((spec) => spec.name === name) as ProcessSpec),
    stop: (name) => supervisor.stop(name),
    log,
  });
}

/** The desired number of workers by the first worker; undefined while it restarts. */
async function desiredWorkers(url: string): Promise<number | undefined> {
  try {
    const response = await fetch(url, { signal: AbortSignal.timeout(2_000) });
    return ((await response.json()) as { desiredWorkers?: number }).desiredWorkers;
  } catch {
    return undefined;
  }
}
