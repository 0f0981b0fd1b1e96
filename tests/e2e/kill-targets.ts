import { until } from '../../shared/testing/until.ts';
import { identityOf } from '../../tools/stack/processes/process-identity.ts';
import { loadRun, type RunFile } from './client.ts';

const KILL_TIMEOUT_MS = 30_000;

type Service = RunFile['services'][number];

/** Ends a process, `kill -9` unless said, and waits until it is gone; throws when there is none. */
export async function killProcess(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const identity = identityOf(pid);
  if (!identity) throw new Error(`There is no process ${pid} to end`);
  process.kill(pid, signal);
  await until(() => identityOf(pid) !== identity, { timeoutMs: KILL_TIMEOUT_MS });
}

/** Kills one of the services that `isMeant` means, by chance; it waits for one that lives. */
export async function killService(matches: (service: Service) => boolean): Promise<void> {
  const pid = await until(
    () => {
      const living = loadRun().services.filter((one) => matches(one) && identityOf(one.pid ?? 0));
      return living[Math.floor(Math.random() * living.length)]?.pid;
    },
    { timeoutMs: KILL_TIMEOUT_MS },
  );
  await killProcess(pid);
}

/** Ends a service and waits until the supervisor has another one ready in its place. */
export async function replaceService(name: string, signal: NodeJS.Signals): Promise<void> {
  const find = () => loadRun().services.find((service) => service.name === name);
  const { pid = 0, url = '' } = find() ?? {};
  await killProcess(pid, signal);
  await until(() => find()?.pid !== pid, { timeoutMs: KILL_TIMEOUT_MS });
  await until(async () => (await fetch(`${url}/health/ready`).catch(() => undefined))?.ok, {
    timeoutMs: KILL_TIMEOUT_MS,
  });
}
