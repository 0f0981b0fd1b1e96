import { appendFileSync, cpSync } from 'node:fs';
import { join } from 'node:path';
import { until } from '../../shared/testing/until.ts';
import { root } from '../../tools/verify/run.ts';

const patient = { intervalMs: 250, ignoreErrors: true };

type Compose = (words: string[], env: Record<string, string>) => Promise<string>;

/** A service of the development override serves its source outside, and what that becomes. */
export async function checkDevelopment(compose: Compose, folder: string): Promise<void> {
  const filter = (path: string) => !/(^|\/)node_modules(\/|$)/.test(path.slice(root.length));
  for (const part of ['services', 'shared']) {
    cpSync(join(root, part), join(folder, part), { recursive: true, filter });
  }
  const env = { COMPOSE_FILE: 'docker-compose.yml:docker-compose.dev.yml', SOURCES: folder };
  const say = (...words: string[]) => compose(words, env);
  await say('build', 'worker');
  await say('up', '--detach', '--wait', '--no-deps', '--force-recreate', 'api-1', 'worker');
  const mark = `changed ${crypto.randomUUID()}`;
  const logs = () => say('logs', '--no-log-prefix', 'api-1');
  appendFileSync(join(folder, 'services/api/main.ts'), `\nconsole.log('${mark}');\n`);
  await until('the changed source to run', async () => (await logs()).includes(mark), patient);
  await until(
    'api-1 to be healthy',
    async () => {
      await say('exec', '-T', 'api-1', 'bun', 'deploy/containers/health.ts');
      return true;
    },
    patient,
  );
}
