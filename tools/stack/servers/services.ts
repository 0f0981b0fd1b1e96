import { join } from 'node:path';
import { root } from '../paths.ts';
import type { Ports } from '../processes/ports.ts';
import type { ProcessSpec } from '../processes/supervised-process.ts';
import { respondsOk } from './http.ts';

export const services = [
  { name: 'api-1', kind: 'api' },
  { name: 'api-2', kind: 'api' },
  { name: 'websocket-1', kind: 'websocket' },
  { name: 'websocket-2', kind: 'websocket' },
  { name: 'worker-1', kind: 'worker' },
] as const;

/** Workers that the autoscaler starts. */
export const extraWorkers = [
  { name: 'worker-2', kind: 'worker' },
  { name: 'worker-3', kind: 'worker' },
] as const;

type Service = (typeof services)[number] | (typeof extraWorkers)[number];

export const serviceUrl = ({ name }: Service, ports: Ports) => `http://127.0.0.1:${ports[name]}`;

const reload = ['--watch', '--no-clear-screen'];

/** The process of a service. `release` is the source tree; port and name stay the same after a restart. */
export function serviceSpec(
  service: Service,
  ports: Ports,
  environment: Record<string, string>,
  { release = root, isReloading = false } = {},
): ProcessSpec {
  const { name, kind } = service;
  const main = join(release, 'services', kind, 'main.ts');
  return {
    name,
    command: [process.execPath, ...(isReloading ? reload : []), main],
    directory: release,
    env: { ...environment, HOST: '127.0.0.1', PORT: String(ports[name]), REPLICA: name },
    isReady: () => respondsOk(`${serviceUrl(service, ports)}/health/ready`),
    stopTimeoutMs: 15_000,
  };
}
