import { appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../shared/testing/until.ts';
import { root } from '../../tools/verify/run.ts';

const POLLING = { intervalMs: 250, ignoreErrors: true };

type Compose = (args: string[], env: Record<string, string>) => Promise<string>;

/** Throws unless docker-compose.dev.yml runs the mounted sources and restarts services when they change. */
export async function checkDevelopment(compose: Compose, folder: string): Promise<void> {
  const filter = (path: string) => !/(^|\/)node_modules(\/|$)/.test(path.slice(root.length));
  for (const part of ['services', 'shared']) {
    cpSync(join(root, part), join(folder, part), { recursive: true, filter });
  }
  const env = { COMPOSE_FILE: 'docker-compose.yml:docker-compose.dev.yml', SOURCES: folder };
  const runCompose = (...args: string[]) => compose(args, env);
  await runCompose('build', 'worker');
  await runCompose('up', '--detach', '--wait', '--no-deps', '--force-recreate', 'api-1', 'worker');
  const marker = `changed ${crypto.randomUUID()}`;
  const logs = () => runCompose('logs', '--no-log-prefix', 'api-1');
  appendFileSync(join(folder, 'services/api/main.ts'), `\nconsole.log('${marker}');\n`);
  await until('the changed source to run', async () => (await logs()).includes(marker), POLLING);
  await until(
    'api-1 to be healthy',
    async () => {
      await runCompose('exec', '-T', 'api-1', 'bun', 'deploy/containers/health.ts');
      return true;
    },
    POLLING,
  );
}
