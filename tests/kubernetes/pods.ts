import { mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';
import { requireKubectl } from '../../tools/test-servers/fetch-kubectl.ts';
import { root, run } from '../../tools/verify/run.ts';
import type { KubernetesObject } from './objects.ts';

/**
 * Runs `secrets.sh` on files with these values. `applied/<secret>/<NAME>` in the directory then holds
 * the file that a pod would find in its volume.
 */
export async function applySecrets(directory: string, values: Record<string, string>) {
  const [from, applied] = [join(directory, 'values'), join(directory, 'applied')];
  for (const path of [from, applied]) {
    rmSync(path, { recursive: true, force: true });
    mkdirSync(path);
  }
  for (const [name, value] of Object.entries(values)) writeFileSync(join(from, name), `${value}\n`);
  const kubectl = await requireKubectl(() => {});
  const script = join(root, 'deploy/kubernetes/secrets.sh');
  const { exitCode, output } = await run(['sh', script, 'insightdesk', from], {
    env: { OUTPUT: applied, PATH: `${dirname(kubectl)}:${process.env.PATH}` },
  });
  for (const file of readdirSync(applied)) {
    const { metadata, data = {} } = Bun.YAML.parse(
      await Bun.file(join(applied, file)).text(),
    ) as KubernetesObject;
    mkdirSync(join(applied, metadata.name));
    for (const [name, value] of Object.entries(data)) {
      writeFileSync(join(applied, metadata.name, name), Buffer.from(value, 'base64'));
    }
  }
  return { exitCode, output, applied };
}

/** The variables of the container of a workload, as a cluster sets them. */
export function environmentOf(workload: KubernetesObject, objects: KubernetesObject[]) {
  const [container] = workload.spec.template.spec.containers;
  const environment: Record<string, string> = {};
  for (const { configMapRef } of container.envFrom) {
    const map = objects.find(
      ({ kind, metadata }) => kind === 'ConfigMap' && metadata.name === configMapRef.name,
    );
    if (!map) throw new Error(`ConfigMap ${configMapRef.name} does not exist`);
    Object.assign(environment, map.data);
  }
  for (const { name, value, valueFrom } of container.env) {
    if (value === undefined && valueFrom.fieldRef.fieldPath !== 'metadata.name') {
      throw new Error(`Unknown source of the variable ${name}`);
    }
    environment[name] = value ?? `${workload.metadata.name}-7d9f4c8b6-x2k4q`;
  }
  return environment;
}
