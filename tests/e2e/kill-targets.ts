import { createValkey } from '@insightdesk/shared/valkey';
import { until } from '../../shared/testing/until.ts';
import { identityOf } from '../../tools/stack/processes/process-identity.ts';
import { loadRun, type RunFile, run } from './client.ts';

const KILL_TIMEOUT_MS = 30_000;

type Service = RunFile['services'][number];

/** Sends a signal to a process and waits for its end. Throws if it does not run. */
export async function killProcess(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const identity = identityOf(pid);
  if (!identity) throw new Error(`Process ${pid} does not exist`);
  process.kill(pid, signal);
  await until(() => identityOf(pid) !== identity, { timeoutMs: KILL_TIMEOUT_MS });
}

/** Kills a random service that `matches`; waits for one that is running. */
export async function killService(matches: (service: Service) => boolean): Promise<void> {
  const pid = await until(
    () => {
      const living = loadRun().services.filter(
        (service) => matches(service) && identityOf(service.pid ?? 0),
      );
      return living[Math.floor(Math.random() * living.length)]?.pid;
    },
    { timeoutMs: KILL_TIMEOUT_MS },
  );
  await killProcess(pid);
}

/** Sends a signal to a service and waits until the supervisor has restarted it. */
export async function restartService(name: string, signal: NodeJS.Signals): Promise<void> {
  const find = () => loadRun().services.find((service) => service.name === name);
  const { pid = 0, url = '' } = find() ?? {};
  await killProcess(pid, signal);
  await until(() => find()?.pid !== pid, { timeoutMs: KILL_TIMEOUT_MS });
  await until(async () => (await fetch(`${url}/health/ready`).catch(() => undefined))?.ok, {
    timeoutMs: KILL_TIMEOUT_MS,
  });
}

/** The pid of Valkey, which may still be starting. */
export async function findValkeyPid(): Promise<number> {
  const valkey = createValkey(run.valkey, { name: 'pid', role: 'blocking', onError: () => {} });
  const [, pid] = /process_id:(\d+)/.exec(await valkey.info('server')) ?? [];
  valkey.disconnect();
  return Number(pid);
}
