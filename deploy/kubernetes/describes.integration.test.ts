import { describe, expect, test } from 'bun:test';
import { join } from 'node:path';
import { scalingPolicy, totalOf } from '@insightdesk/shared/jobs';
import { root } from '../verify/run.ts';
import {
  componentOf,
  type KubernetesObject,
  overlays,
  render,
  renderOverlay,
  workloads,
} from './objects.ts';
import { validateObjects } from './validate-objects.ts';

const rendered = await Promise.all(
  overlays.map(async (overlay) => ({ overlay, objects: await renderOverlay(overlay) })),
);
const base = await render(join(root, 'deploy/kubernetes/base'));

test('a misspelt field and a wrong type are found', async () => {
  const [service] = base.filter(({ kind }) => kind === 'Service');
  const [scaler] = base.filter(({ kind }) => kind === 'HorizontalPodAutoscaler');
  if (!service || !scaler) throw new Error('The base has no service or scaler');
  const misspelt = { ...service, spec: { ...service.spec, selectors: {} } };
  const wrong = { ...scaler, spec: { ...scaler.spec, maxReplicas: '4' } };
  const faults = (await validateObjects([misspelt, wrong])).join('\n');
  expect(faults).toContain(
    'Service insightdesk-api: error TS2353: Object literal may only specify known properties, and \'"selectors"\'',
  );
  expect(faults).toContain(
    'HorizontalPodAutoscaler insightdesk-api: data/spec/maxReplicas must be integer',
  );
});

describe.each(rendered)('$overlay', ({ overlay, objects }) => {
  const ofKind = (kind: string) => objects.filter((object) => object.kind === kind);
  const named = (kind: string, name: string) => {
    const found = ofKind(kind).find(({ metadata }) => metadata.name === name);
    if (!found) throw new Error(`There is no ${kind} ${name}`);
    return found;
  };
  const pods = workloads(objects).map((object) => ({
    name: object.metadata.name,
    kind: object.kind,
    labels: object.spec.template.metadata.labels,
    pod: object.spec.template.spec,
    container: object.spec.template.spec.containers[0],
  }));
  const settings = ofKind('ConfigMap')[0]?.data ?? {};

  test('every object is as its schema says', async () => {
    expect(objects.length).toBeGreaterThan(25);
    expect(await validateObjects(objects)).toEqual([]);
  });

  test('nothing is outside the namespace, which lets in restricted pods only', () => {
    const namespace = overlay === 'production' ? 'insightdesk' : `insightdesk-${overlay}`;
    const own = named('Namespace', namespace);
    expect(JSON.stringify(own)).toContain('"pod-security.kubernetes.io/enforce":"restricted"');
    const strays = objects.filter((one) => one !== own && one.metadata.namespace !== namespace);
    expect(strays).toEqual([]);
  });

  test('no secret is described, only named', () => {
    expect(ofKind('Secret')).toEqual([]);
    for (const { name, pod } of pods) {
      const [volume] = pod.volumes.filter((one: { name: string }) => one.name === 'secrets');
      expect(volume).toEqual({ name: 'secrets', secret: { secretName: name } });
    }
  });

  test('four kinds of pods run as nobody, write nothing but what is theirs, and are bounded', () => {
    const names = ['api', 'migrate', 'websocket', 'worker'].map((one) => `insightdesk-${one}`);
    expect(pods.map(({ name }) => name).toSorted()).toEqual(names);
    for (const { pod, container } of pods) {
      expect(pod.securityContext).toMatchObject({
        runAsNonRoot: true,
        runAsUser: 1000,
        seccompProfile: { type: 'RuntimeDefault' },
      });
      expect(pod.automountServiceAccountToken).toBe(false);
      expect(pod.containers).toHaveLength(1);
      expect(container.securityContext).toEqual({
        allowPrivilegeEscalation: false,
        readOnlyRootFilesystem: true,
        capabilities: { drop: ['ALL'] },
      });
      expect(container.resources).toEqual({
        requests: { cpu: expect.any(String), memory: expect.any(String) },
        limits: { memory: expect.any(String) },
      });
      const writable = pod.volumes.filter((one: { name: string }) => one.name === 'tmp');
      expect(writable).toEqual([{ name: 'tmp', emptyDir: { sizeLimit: expect.any(String) } }]);
      expect(container.image).toMatch(
        /^registry\.example\.com\/insightdesk(-worker)?:\d+\.\d+\.\d+$/,
      );
    }
  });

  test('services are probed, and end later than they need to', () => {
    for (const { pod, container } of pods.filter(({ kind }) => kind === 'Deployment')) {
      expect(container.readinessProbe.httpGet).toEqual({ path: '/health/ready', port: 'http' });
      for (const probe of [container.livenessProbe, container.startupProbe]) {
        expect(probe.httpGet).toEqual({ path: '/health/live', port: 'http' });
      }
      const pause = Number(container.lifecycle.preStop.exec.command[1]);
      const atMost = pause + Number(settings.SHUTDOWN_TIMEOUT_MS) / 1000;
      expect(pod.terminationGracePeriodSeconds).toBeGreaterThan(atMost + 5);
    }
  });

  test.each(['api', 'websocket', 'worker'])('what stands around %s finds its pods', (component) => {
    const name = `insightdesk-${component}`;
    const deployment = named('Deployment', name);
    const { labels, container } = pods.find((one) => one.name === name) ?? {};
    const selectors = [
      deployment.spec.selector.matchLabels,
      named('Service', name).spec.selector,
      named('PodDisruptionBudget', name).spec.selector.matchLabels,
    ];
    for (const selector of selectors) {
      expect(selector).toEqual({ 'app.kubernetes.io/component': component });
      expect(labels).toMatchObject(selector);
    }
    const [port] = named('Service', name).spec.ports;
    expect(container.ports).toContainEqual({ name: port.targetPort, containerPort: 3000 });
    expect(named('PodDisruptionBudget', name).spec.maxUnavailable).toBe(1);
    expect(deployment.spec.strategy.rollingUpdate).toEqual({ maxSurge: 1, maxUnavailable: 0 });
    // Whoever scales it says how many there are; a number here would set them back at each deploy.
    expect(deployment.spec.replicas).toBeUndefined();
  });

  test('API and sockets are two to four in production', () => {
    for (const component of ['api', 'websocket']) {
      const { spec } = named('HorizontalPodAutoscaler', `insightdesk-${component}`);
      expect(spec.scaleTargetRef).toMatchObject({
        kind: 'Deployment',
        name: `insightdesk-${component}`,
      });
      expect([spec.minReplicas, spec.maxReplicas]).toEqual([2, overlay === 'production' ? 4 : 2]);
    }
  });

  test('KEDA goes by the figures of the local stack, and finds them from its own namespace', () => {
    const { spec, metadata } = named('ScaledObject', 'insightdesk-worker');
    const most = overlay === 'production' ? scalingPolicy.most : 1;
    expect(named('Deployment', spec.scaleTargetRef.name)).toBeDefined();
    expect([spec.minReplicaCount, spec.maxReplicaCount]).toEqual([scalingPolicy.least, most]);
    const asked = spec.triggers.map((one: KubernetesObject['spec']) => one.metadata);
    const url = `http://insightdesk-worker.${metadata.namespace}.svc:3000/backlog`;
    const wanted = {
      waiting: scalingPolicy.waitingPerWorker,
      oldestSeconds: scalingPolicy.oldestSeconds,
    };
    expect(Object.keys(wanted)).toEqual(Object.keys(totalOf({})));
    expect(asked).toEqual(
      Object.entries(wanted).map(([figure, value]) => ({
        url,
        valueLocation: `total.${figure}`,
        targetValue: `${value}`,
      })),
    );
  });

  test('the doors lead to API and sockets only, at the addresses of the settings', () => {
    const host = (name: string) => new URL(settings[name] ?? '').host;
    expect(host('FILES_URL')).not.toBe(host('APP_URL'));
    for (const { metadata, spec } of ofKind('Ingress')) {
      const wanted = host(metadata.name === 'insightdesk-files' ? 'FILES_URL' : 'APP_URL');
      expect(spec.rules.map((rule: { host: string }) => rule.host)).toEqual([wanted]);
      expect(spec.tls[0].hosts).toEqual([wanted]);
      for (const { path, backend } of spec.rules[0].http.paths) {
        const target = path === '/socket.io' ? 'websocket' : 'api';
        expect(backend.service).toEqual({ name: `insightdesk-${target}`, port: { name: 'http' } });
      }
    }
  });

  test('sockets stay with their replica, uploads pass through', () => {
    const said = (name: string, word: string) =>
      named('Ingress', `insightdesk-${name}`).metadata.annotations?.[
        `nginx.ingress.kubernetes.io/${word}`
      ];
    expect(said('websocket', 'affinity')).toBe('cookie');
    expect(said('websocket', 'affinity-mode')).toBe('persistent');
    expect(said('websocket', 'session-cookie-path')).toBe('/socket.io');
    expect(said('websocket', 'proxy-next-upstream')).toBe('error timeout http_503');
    for (const name of ['uploads', 'files']) {
      expect(said(name, 'proxy-request-buffering')).toBe('off');
      const bytes = Number.parseInt(said(name, 'proxy-body-size') ?? '', 10) * 1024 * 1024;
      expect(bytes).toBeGreaterThan(Number(settings.MAX_FILE_SIZE ?? 26_214_400));
    }
  });
});

test('files in a shared directory are a component of their own', async () => {
  const directory = join(root, 'deploy/kubernetes/overlays/shared-files.test');
  await Bun.write(
    join(directory, 'kustomization.yaml'),
    'resources: [../../base]\ncomponents: [../../components/shared-files]\n',
  );
  try {
    const objects = await render(directory);
    expect(await validateObjects(objects)).toEqual([]);
    const mounted = workloads(objects).filter((object) =>
      JSON.stringify(object.spec).includes('"mountPath":"/files"'),
    );
    expect(mounted.map(componentOf)).toEqual(['api', 'worker']);
    const [settings] = objects.filter(({ kind }) => kind === 'ConfigMap');
    expect(settings?.data?.STORAGE_PROVIDER).toBe('local');
  } finally {
    await Bun.$`rm -r ${directory}`;
  }
});
