import { run } from '../../tools/verify/run.ts';

const longRunning = ['nginx', 'api-1', 'api-2', 'websocket-1', 'websocket-2', 'worker'].concat([
  'postgres',
  'valkey',
  'cache',
  'inbox',
]);

interface ComposeService {
  healthcheck?: object;
  deploy?: { resources?: { limits?: { memory?: string } } };
  networks?: object;
}

/** Throws unless the resolved compose file has all services, health checks, memory limits and networks. */
export function checkCompose(config: {
  services: Record<string, ComposeService>;
  networks: Record<string, { internal?: boolean }>;
}): void {
  const expected = [...longRunning, 'prepare', 'migrate'].sort();
  const found = Object.keys(config.services).sort();
  if (found.join() !== expected.join()) throw new Error(`Services are ${found}, not ${expected}`);
  for (const name of longRunning) {
    const service = config.services[name];
    if (!service?.healthcheck) throw new Error(`${name} has no health check`);
    if (!service?.deploy?.resources?.limits?.memory) throw new Error(`${name} has no memory limit`);
  }
  if (!config.networks.data?.internal) throw new Error('The network data must be internal');
  for (const name of ['postgres', 'valkey', 'cache']) {
    const networks = Object.keys(config.services[name]?.networks ?? {});
    if (networks.join() !== 'data') throw new Error(`${name} is reachable from ${networks}`);
  }
}

/** Throws if prepare.sh accepts the default passwords in production. */
export async function checkProductionSecrets(): Promise<void> {
  const { exitCode, output } = await run(['sh', 'deploy/containers/prepare.sh'], {
    env: { NODE_ENV: 'production' },
  });
  if (exitCode !== 78 || !output.includes('DATABASE_APP_PASSWORD')) {
    throw new Error(`Production accepted development settings: ${output}`);
  }
}
