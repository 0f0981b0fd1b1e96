import { identityOf } from '../../tools/stack/processes/process-identity.ts';
import { loadRun, type Run, until } from './client.ts';

const PATIENCE_MS = 30_000;

type Service = Run['services'][number];

/** Ends a process, `kill -9` unless said, and waits until it is gone; throws when there is none. */
export async function end(pid: number, signal: NodeJS.Signals = 'SIGKILL'): Promise<void> {
  const victim = identityOf(pid);
  if (!victim) throw new Error(`There is no process ${pid} to end`);
  process.kill(pid, signal);
  await until(() => identityOf(pid) !== victim, PATIENCE_MS);
}

/** Kills one of the services that `isMeant` means, by chance; it waits for one that lives. */
export async function killService(isMeant: (service: Service) => boolean): Promise<void> {
  const pid = await until(() => {
    const living = loadRun().services.filter((one) => isMeant(one) && identityOf(one.pid ?? 0));
    return living[Math.floor(Math.random() * living.length)]?.pid;
  }, PATIENCE_MS);
  await end(pid);
}

/** Ends a service and waits until the supervisor has another one ready in its place. */
export async function replaceService(name: string, signal: NodeJS.Signals): Promise<void> {
  const find = () => loadRun().services.find((service) => service.name === name);
  const { pid = 0, url = '' } = find() ?? {};
  await end(pid, signal);
  await until(() => find()?.pid !== pid, PATIENCE_MS);
  await until(
    async () => (await fetch(`${url}/health/ready`).catch(() => undefined))?.ok,
    PATIENCE_MS,
  );
}
