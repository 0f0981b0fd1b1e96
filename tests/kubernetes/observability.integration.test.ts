import { beforeAll, expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { root } from '../../tools/verify/run.ts';
import { ruleFiles } from '../observability/alerts.ts';
import { type KubernetesObject, renderKustomization, workloads } from './objects.ts';

let objects: KubernetesObject[];
beforeAll(async () => {
  objects = await renderKustomization(join(root, 'deploy/observability'));
}, 120_000);

const configMap = (name: string) =>
  objects.find(
    ({ kind, metadata }) =>
      kind === 'ConfigMap' && metadata.name.startsWith(`insightdesk-${name}-`),
  )?.data ?? {};
const read = (path: string) => readFileSync(join(root, path), 'utf8');

test('Prometheus loads every rule file, and sends alerts to Alertmanager', () => {
  const names = ruleFiles().map((path) => basename(path));
  expect(Object.keys(configMap('rules')).toSorted()).toEqual(names.toSorted());
  const configuration = Bun.YAML.parse(configMap('prometheus')['prometheus.yml'] ?? '') as {
    global: object;
    alerting: { alertmanagers: { static_configs: { targets: string[] }[] }[] };
  };
  const compose = Bun.YAML.parse(read('deploy/observability/prometheus.yml')) as {
    global: object;
  };
  expect(configuration.global).toEqual(compose.global);
  const [target] = configuration.alerting.alertmanagers[0]?.static_configs[0]?.targets ?? [];
  const service = objects.find(
    ({ kind, metadata }) => kind === 'Service' && metadata.name === 'insightdesk-alertmanager',
  );
  expect(target).toBe(`${service?.metadata.name}:${service?.spec.ports[0].port}`);
});

test('Alertmanager starts with the script of compose and secrets as files', () => {
  expect(configMap('alertmanager')['alertmanager.sh']).toBe(
    read('deploy/observability/alertmanager.sh'),
  );
  const [alertmanager] = workloads(objects).filter(({ metadata }) =>
    metadata.name.endsWith('alertmanager'),
  );
  const { containers, volumes } = alertmanager?.spec.template.spec ?? {};
  expect(containers[0].command).toEqual(['sh', '/insightdesk/alertmanager.sh']);
  expect(volumes.find(({ name }: { name: string }) => name === 'secrets').secret).toEqual({
    secretName: 'insightdesk-alertmanager',
    optional: true,
  });
});

test('every container is restricted and runs in the namespace that network policies let in', () => {
  const policies = read('deploy/kubernetes/base/network.yaml');
  expect(policies).toContain('kubernetes.io/metadata.name: monitoring');
  for (const { metadata, spec } of workloads(objects)) {
    expect(metadata.namespace).toBe('monitoring');
    expect(spec.template.spec.securityContext).toMatchObject({ runAsNonRoot: true });
    for (const container of spec.template.spec.containers) {
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources.limits).toEqual({ memory: expect.any(String) });
    }
  }
});
