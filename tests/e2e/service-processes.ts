import { join } from 'node:path';
import { until } from '../../shared/testing/until.ts';
import { root } from '../../tools/stack/paths.ts';
import { takePort } from '../../tools/stack/processes/ports.ts';

export type ServiceKind = 'api' | 'websocket' | 'worker';
export type ServiceProcess = ReturnType<ReturnType<typeof createServiceProcesses>['start']>;

/** Services without a stack, each a process in the given directory. Stop them after the tests. */
export function createServiceProcesses(directory: string) {
  const started: Bun.Subprocess[] = [];
  const commandOf = (kind: ServiceKind) => [
    process.execPath,
    '--no-env-file',
    join(root, 'services', kind, 'main.ts'),
  ];
  return {
    /** Runs a command, by default the main module of a service, on a port of its own. */
    start(
      env: Record<string, string | undefined>,
      { kind = 'api' as ServiceKind, command = commandOf(kind) } = {},
    ) {
      const port = takePort();
      const child = Bun.spawn(command, {
        cwd: directory,
        env: { ...env, HOST: '127.0.0.1', PORT: `${port}` },
        stdin: 'ignore',
        stdout: 'pipe',
        stderr: 'pipe',
      });
      started.push(child);
      return { child, url: `http://127.0.0.1:${port}` };
    },
    async stop(): Promise<void> {
      for (const child of started) child.kill('SIGKILL');
      await Promise.all(started.map(({ exited }) => exited));
    },
  };
}

/** Waits until a service is ready; throws its output when it ends before. */
export async function untilServiceReady(
  { child, url }: ServiceProcess,
  path = '/health/ready',
): Promise<void> {
  await until(`readiness of ${url}`, async () => {
    if (child.exitCode !== null) {
      throw new Error((await child.stderr.text()) || (await child.stdout.text()));
    }
    return (await fetch(url + path).catch(() => undefined))?.ok;
  });
}

/** Registers the owner of a new organization at an API. */
export async function registerAt({ url }: ServiceProcess, email: string, password: string) {
  const response = await fetch(`${url}/v1/auth/register`, {
    method: 'POST',
    headers: { 'Content-Type': 'application/json' },
    body: JSON.stringify({ email, password, name: 'Ann', organizationName: 'Acme' }),
  });
  if (response.status !== 201) throw new Error(await response.text());
  return (await response.json()) as {
    accessToken: string;
    user: { id: string };
    organization: { id: string };
  };
}
