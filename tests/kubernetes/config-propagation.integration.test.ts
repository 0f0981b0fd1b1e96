import { afterAll, expect, test } from 'bun:test';
import { mkdtempSync, readdirSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  isForService,
  isSecretName,
  knownKeys,
  loadConfigWithSecrets,
  type ServiceName,
} from '@insightdesk/shared/config';
import { componentOf, overlays, renderOverlay, workloads } from './objects.ts';
import { applySecrets, environmentOf } from './pods.ts';

const directory = mkdtempSync(join(tmpdir(), 'insightdesk-config-propagation-'));
afterAll(() => rmSync(directory, { recursive: true }));
const pathOf = (...names: string[]) => join(directory, ...names);

const url = (role: string) =>
  `postgres://insightdesk_${role}:own-${role}@db.internal:5432/insightdesk`;
const required = {
  DATABASE_URL: url('app'),
  DATABASE_MIGRATION_URL: url('owner'),
  DATABASE_RELAY_URL: url('relay'),
  DATABASE_IDENTITY_URL: url('identity'),
  VALKEY_URL: 'valkeys://:own@valkey.internal:6379',
  JWT_SECRET: 'abcdefghijklmnopqrstuvwxyz0123456789',
  JWT_REFRESH_SECRET: '0123456789abcdefghijklmnopqrstuvwxyz',
  ENCRYPTION_KEY: 'z0123456789abcdefghijklmnopqrstuvwxy',
};
const others = knownKeys.filter((name) => isSecretName(name) && !(name in required));

const apply = (given: Record<string, string>) => applySecrets(directory, given);
const listSecrets = (component: string) =>
  readdirSync(pathOf('applied', `insightdesk-${component}`)).toSorted();

test('secrets.sh applies every secret to the services that use it', async () => {
  const all = Object.fromEntries(others.map((name) => [name, name]));
  const { output } = await apply({ ...required, ...all, 'README.md': 'not a secret' });
  expect(output).toBe('');
  const logins = ['DATABASE_MIGRATION_URL', 'DATABASE_RELAY_URL', 'DATABASE_IDENTITY_URL'];
  const common = knownKeys.filter((name) => isSecretName(name) && !logins.includes(name));
  const expected = (service: ServiceName, ...logins: string[]) =>
    [...common.filter((name) => isForService(name, service)), ...logins].toSorted();
  expect(listSecrets('websocket')).toEqual(expected('websocket'));
  expect(listSecrets('api')).toEqual(expected('api', 'DATABASE_IDENTITY_URL'));
  expect(listSecrets('worker')).toEqual(expected('worker', 'DATABASE_RELAY_URL'));
  expect(listSecrets('migrate')).toEqual(expected('desk', 'DATABASE_MIGRATION_URL'));
});

test.each([...overlays])(
  '%s: every service gets all settings as variables, and secrets only as files',
  async (overlay) => {
    await apply({
      ...required,
      AWS_ACCESS_KEY_ID: 'id',
      AWS_SECRET_ACCESS_KEY: 'key',
      SMTP_PASSWORD: 'mail',
      LOG_WEBHOOK_URL: 'https://hooks.example.com/a',
    });
    const objects = await renderOverlay(overlay);
    const settings = objects.find(({ kind }) => kind === 'ConfigMap');
    expect(Object.keys(settings?.data ?? {}).filter((name) => !knownKeys.includes(name))).toEqual(
      [],
    );
    const components: string[] = [];
    for (const object of workloads(objects)) {
      const [container] = object.spec.template.spec.containers;
      expect(container.envFrom).toEqual([{ configMapRef: { name: settings?.metadata.name } }]);
      const environment = environmentOf(object, objects);
      expect(Object.keys(environment).filter(isSecretName)).toEqual([]);
      const [, ...files] = container.volumeMounts;
      expect(files).toEqual([
        { name: 'secrets', mountPath: environment.SECRETS_DIRECTORY, readOnly: true },
      ]);
      environment.SECRETS_DIRECTORY = pathOf('applied', object.metadata.name);
      const component = componentOf(object);
      const service = component === 'migrate' ? 'desk' : (component as ServiceName);
      const { config } = await loadConfigWithSecrets({
        directory: '/nowhere',
        environment,
        service,
      });
      const holds = (name: string) => isForService(name, service);
      expect(config).toMatchObject({
        environment: overlay,
        service: { host: '0.0.0.0', port: 3000, replica: environment.REPLICA },
        auth: { jwtSecret: holds('JWT_SECRET') ? required.JWT_SECRET : undefined },
        database: { url: required.DATABASE_URL },
        http: { appUrl: settings?.data?.APP_URL, filesUrl: settings?.data?.FILES_URL },
        storage: { provider: holds('STORAGE_PROVIDER') ? 's3' : 'local' },
        logging: { webhook: { url: 'https://hooks.example.com/a' } },
      });
      components.push(component);
    }
    expect(components.toSorted()).toEqual(['api', 'migrate', 'websocket', 'worker']);
  },
);

test('secrets.sh reports missing secrets and applies nothing', async () => {
  const { ENCRYPTION_KEY: _, ...rest } = required;
  const { exitCode, output } = await apply({ ...rest, JWT_SECRET: '' });
  expect(exitCode).toBe(78);
  expect(output).toEndWith(': JWT_SECRET ENCRYPTION_KEY');
  expect(readdirSync(pathOf('applied'))).toEqual([]);
});

test.each([...overlays])(
  '%s: every container is restricted and every object has the namespace',
  async (overlay) => {
    const objects = await renderOverlay(overlay);
    const namespace = overlay === 'production' ? 'insightdesk' : `insightdesk-${overlay}`;
    for (const object of objects) {
      if (object.kind !== 'Namespace') expect(object.metadata.namespace).toBe(namespace);
      expect(object.kind).not.toBe('Secret');
    }
    for (const { spec } of workloads(objects)) {
      const { securityContext, containers } = spec.template.spec;
      expect(securityContext).toMatchObject({ runAsNonRoot: true, runAsUser: 1000 });
      for (const container of containers) {
        expect(container.securityContext).toEqual({
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        });
        expect(container.resources.limits).toEqual({ memory: expect.any(String) });
      }
    }
  },
);

test.each([...overlays])(
  '%s: services, disruption budgets and network policies select existing pods',
  async (overlay) => {
    const objects = await renderOverlay(overlay);
    const podLabels = workloads(objects).map(({ spec }) => spec.template.metadata.labels);
    const matches = (selector: Record<string, string>) =>
      podLabels.some((labels) =>
        Object.entries(selector).every(([key, value]) => labels[key] === value),
      );
    const selectors = objects.flatMap(({ kind, spec }) => {
      if (kind === 'Service') return [spec.selector];
      if (kind === 'PodDisruptionBudget') return [spec.selector.matchLabels];
      if (kind === 'NetworkPolicy') return [spec.podSelector.matchLabels ?? {}];
      return [];
    });
    expect(selectors.length).toBeGreaterThan(6);
    for (const selector of selectors)
      expect([selector, matches(selector)]).toEqual([selector, true]);
  },
);
