import { afterAll, describe, expect, test } from 'bun:test';
import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import {
  isForService,
  isSecretName,
  knownKeys,
  loadConfig,
  loadConfigWithSecrets,
} from '@insightdesk/shared/config';
import { root } from '../../tools/verify/run.ts';

const read = (path: string) => readFileSync(join(root, path), 'utf8');
interface Check {
  path: string;
}
const fly = Bun.TOML.parse(read('fly.toml')) as {
  env: Record<string, string>;
  processes: Record<string, string>;
  deploy: { release_command: string };
  build: { dockerfile: string };
  services: { http_checks?: Check[] }[];
  checks: { worker?: Check };
  kill_timeout: number;
};
const railway = Bun.TOML.parse(read('railway.toml')) as {
  build: { dockerfilePath: string };
  deploy: {
    startCommand: string;
    preDeployCommand: string[];
    healthcheckPath: string;
    drainingSeconds: number;
  };
};
const services = ['api', 'websocket', 'worker'] as const;

/** How each platform starts a service, and which variables it sets itself. */
const platforms = {
  fly: {
    command: (service: string) => fly.processes[service] ?? '',
    environment: (_: string) => ({ ...fly.env, FLY_MACHINE_ID: '3d8d9014b32d18' }),
    logins: { api: 'DATABASE_IDENTITY_URL', websocket: undefined, worker: 'DATABASE_RELAY_URL' },
    ownVariables: [
      ...Object.keys(fly.env),
      'REPLICA',
      'DATABASE_MIGRATION_URL',
      'DATABASE_RELAY_URL',
    ],
  },
  railway: {
    command: () => railway.deploy.startCommand,
    environment: (service: string) => ({
      PORT: '8080',
      RAILWAY_SERVICE_NAME: service,
      RAILWAY_REPLICA_ID: '0c3d2d9e-2f83-4d45-8e0b-9b0c7a4c1f52',
    }),
    logins: { api: undefined, websocket: undefined, worker: undefined },
    ownVariables: ['HOST', 'PORT', 'REPLICA', 'CLIENT_ADDRESS_FROM', 'DATABASE_MIGRATION_URL'],
  },
};

const url = (role: string) => `postgres://insightdesk_${role}:own@db.internal:5432/insightdesk`;
const productionVariables = {
  NODE_ENV: 'production',
  APP_URL: 'https://desk.example.com',
  DATABASE_URL: url('app'),
  DATABASE_MIGRATION_URL: url('owner'),
  VALKEY_URL: 'valkeys://:own@valkey.internal:6379',
  JWT_SECRET: 'abcdefghijklmnopqrstuvwxyz0123456789',
  JWT_REFRESH_SECRET: '0123456789abcdefghijklmnopqrstuvwxyz',
  ENCRYPTION_KEY: 'z0123456789abcdefghijklmnopqrstuvwxy',
  SMTP_HOST: 'mail.example.com',
  AWS_S3_BUCKET: 'files',
  AWS_S3_ENDPOINT: 'https://objects.example.com',
  AWS_ACCESS_KEY_ID: 'id',
  AWS_SECRET_ACCESS_KEY: 'key',
};
/** On Fly all machines get these, on Railway only the service that needs them. */
const logins = { DATABASE_RELAY_URL: url('relay'), DATABASE_IDENTITY_URL: url('identity') };

const directory = mkdtempSync(join(tmpdir(), 'insightdesk-platforms-'));
afterAll(() => rmSync(directory, { recursive: true }));
writeFileSync(
  join(directory, 'bun'),
  `#!/bin/sh\necho "$@"\nexec ${process.execPath} -e 'console.log(JSON.stringify(process.env))'\n`,
);
chmodSync(join(directory, 'bun'), 0o755);

/** Runs the command with a fake `bun` that prints its arguments and variables. */
async function start(command: string, environment: Record<string, string>) {
  const child = Bun.spawn(['sh', '-c', command], {
    env: { ...environment, PATH: `${directory}:/usr/bin:/bin` },
    stdout: 'pipe',
  });
  const [args = '', variables = '{}'] = (await child.stdout.text()).split('\n');
  expect(await child.exited).toBe(0);
  return { args, variables: JSON.parse(variables) as Record<string, string> };
}

describe.each(['fly', 'railway'] as const)('%s', (name) => {
  const { command, environment, logins: serviceLogins } = platforms[name];

  test.each([...services])('%s starts with its own database logins only', async (service) => {
    const all = { ...productionVariables, ...(name === 'fly' && logins), ...environment(service) };
    const { args, variables } = await start(command(service), all);
    expect(args).toBe(`services/${service}/main.ts`);
    expect(existsSync(join(root, args))).toBe(true);
    const databaseUrls = Object.keys(variables).filter((key) => /^DATABASE_\w+_URL$/.test(key));
    expect(databaseUrls).toEqual(serviceLogins[service] ? [serviceLogins[service]] : []);
    const { config } = await loadConfigWithSecrets({
      directory: '/nowhere',
      environment: variables,
      service,
    });
    expect(config).toMatchObject({
      environment: 'production',
      service: { host: '::', port: name === 'fly' ? 3000 : 8080 },
      storage: { provider: service === 'websocket' ? 'local' : 's3' },
      http: { clientAddress: { from: name } },
    });
    expect(config.service.replica).toStartWith(`${service}-`);
    const secrets = Object.keys(variables).filter((name) => isSecretName(name));
    expect(secrets.filter((name) => !isForService(name, service))).toEqual([]);
  });

  test('all other settings are passed to the service unchanged', async () => {
    const markers = Object.fromEntries(knownKeys.map((key) => [key, `value of ${key}`]));
    const { variables } = await start(command('api'), { ...markers, ...environment('api') });
    const changed = knownKeys.filter((key) => variables[key] !== markers[key]);
    expect(changed.toSorted()).toEqual(platforms[name].ownVariables.toSorted());
  });

  test('services refuse to start without an object store', async () => {
    const { AWS_S3_BUCKET: _, ...rest } = productionVariables;
    const { variables } = await start(command('worker'), { ...rest, ...environment('worker') });
    const loading = loadConfigWithSecrets({ directory: '/nowhere', environment: variables });
    await expect(loading).rejects.toThrow('AWS_S3_BUCKET: is required by STORAGE_PROVIDER=s3');
  });
});

test('both platforms migrate before they deploy', async () => {
  const release = fly.deploy.release_command;
  expect(railway.deploy.preDeployCommand).toEqual([release]);
  expect(release).toBe('bun services/cli/desk.ts migrate');
  expect(existsSync(join(root, 'services/cli/desk.ts'))).toBe(true);
});

test('both platforms check readiness and allow the shutdown timeout', () => {
  const paths = [
    ...fly.services.flatMap((service) => service.http_checks ?? []),
    fly.checks.worker,
  ];
  expect(paths.map((check) => check?.path)).toEqual(Array(3).fill('/health/ready'));
  expect(railway.deploy.healthcheckPath).toBe('/health/ready');
  const { shutdownTimeoutMs } = loadConfig({
    directory: '/nowhere',
    environment: productionVariables,
  }).service;
  for (const seconds of [Number(fly.kill_timeout), railway.deploy.drainingSeconds]) {
    expect(seconds).toBeGreaterThan(shutdownTimeoutMs / 1000);
  }
});

test('fly.toml and railway.toml contain no secret', () => {
  expect(Object.keys(fly.env).filter(isSecretName)).toEqual([]);
  expect(railway.deploy.startCommand).not.toMatch(/(SECRET|PASSWORD|KEY)=/);
});

test('both platforms build the same Dockerfile', () => {
  expect(fly.build.dockerfile).toBe(railway.build.dockerfilePath);
  const dockerfile = read(fly.build.dockerfile);
  // Railway rejects cache mounts unless their name contains a service id, but three services share this file.
  expect(dockerfile).not.toContain('--mount=type=cache');
});
