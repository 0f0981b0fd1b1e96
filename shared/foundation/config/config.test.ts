import { afterEach, beforeEach, describe, expect, test } from 'bun:test';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { parseEnv } from 'node:util';
import { environmentSchema } from './environment.ts';
import { getArray, getBoolean, getNamespace, getNumber, getString, loadConfig } from './index.ts';
import type { ServiceName } from './shape-config.ts';
import { reservedPrefixes } from './unknown-variables.ts';
import { composeNames } from './variable-names.ts';

let directory: string;
const required = { DATABASE_URL: 'postgres://u:p@h/d', VALKEY_URL: 'valkey://h:6379' };
const load = (environment: Record<string, string> = {}) =>
  loadConfig({ directory, environment: { ...required, ...environment } });
const writeEnvFile = (name: string, text: string) => writeFileSync(join(directory, name), text);

beforeEach(() => {
  directory = mkdtempSync(join(tmpdir(), 'config-'));
});
afterEach(() => rmSync(directory, { recursive: true }));

describe('cascade', () => {
  test('loadConfig: the process environment overrides .env.test.local, .env.test, .env.local and .env', () => {
    const read = () => load({ NODE_ENV: 'test' }).logging.level;
    writeEnvFile('.env', 'LOG_LEVEL=trace');
    expect(read()).toBe('trace');
    writeEnvFile('.env.local', 'LOG_LEVEL=debug');
    expect(read()).toBe('debug');
    writeEnvFile('.env.test', 'LOG_LEVEL=warn');
    expect(read()).toBe('warn');
    writeEnvFile('.env.test.local', 'LOG_LEVEL=error');
    expect(read()).toBe('error');
    expect(load({ NODE_ENV: 'test', LOG_LEVEL: 'fatal' }).logging.level).toBe('fatal');
  });

  test('loadConfig: the file of another environment is not read', () => {
    writeEnvFile('.env.production', 'LOG_LEVEL=fatal');
    expect(load().logging.level).toBe('info');
  });

  test('loadConfig: .env may set NODE_ENV, the file of an environment may not change it', () => {
    writeEnvFile('.env', 'NODE_ENV=test');
    writeEnvFile('.env.test', 'LOG_LEVEL=warn');
    expect(load()).toMatchObject({ environment: 'test', logging: { level: 'warn' } });
    writeEnvFile('.env.test.local', 'NODE_ENV=development');
    expect(() => load()).toThrow('NODE_ENV: a file for test cannot change it');
  });

  test('loadConfig: an empty variable counts as not set', () => {
    writeEnvFile('.env', 'LOG_LEVEL=warn');
    writeEnvFile('.env.local', 'LOG_LEVEL=');
    expect(load({ LOG_LEVEL: '' }).logging.level).toBe('warn');
  });
});

test('loadConfig: workers without REPLICA are named after their host, others are the first of their kind', () => {
  const replicaOf = (service: 'api' | 'websocket' | 'worker', more = {}) =>
    loadConfig({ directory, service, environment: { ...required, ...more } }).service.replica;
  const host = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-');
  expect(replicaOf('worker')).toStartWith(`worker-${host.slice(0, 20)}`);
  expect(replicaOf('worker', { REPLICA: 'worker-7' })).toBe('worker-7');
  expect([replicaOf('api'), replicaOf('websocket')]).toEqual(['api-1', 'websocket-1']);
});

const errorOf = (environment: Record<string, string | undefined>) => {
  try {
    loadConfig({ directory, environment });
  } catch (error) {
    return error as Error & { code: string };
  }
  throw new Error('The configuration is valid');
};

describe('errors', () => {
  test('loadConfig: all errors are reported at once, without values', () => {
    writeEnvFile('.env', 'DATABSE_URL=postgres://x:hunter2@h/d\nSOMETHING_ELSE=1');
    const error = errorOf({
      VALKEY_URL: 'http://hunter2',
      PORT: 'eighty',
      JWT_SECRET: 'hunter2',
      SMTP_PART: '25',
    });
    expect(error.name).toBe('ConfigurationError');
    for (const name of ['DATABASE_URL: is required', 'VALKEY_URL', 'PORT', 'JWT_SECRET']) {
      expect(error.message).toContain(name);
    }
    expect(error.message).toContain(
      'DATABSE_URL (in .env): is unknown, did you mean DATABASE_URL?',
    );
    expect(error.message).not.toContain('hunter2');
    expect(error.message).not.toContain('SOMETHING_ELSE');
    // Other programs may use similar names.
    expect(error.message).not.toContain('SMTP_PART');
  });

  const valid = {
    ...required,
    JWT_SECRET: 'abcdefghijklmnopqrstuvwxyz0123456789',
    JWT_REFRESH_SECRET: '0123456789abcdefghijklmnopqrstuvwxyz',
    ENCRYPTION_KEY: 'z0123456789abcdefghijklmnopqrstuvwxy',
  };
  const production = {
    ...required,
    NODE_ENV: 'production',
    DATABASE_URL: 'postgres://u:own@h/d',
    APP_URL: 'https://desk.example',
    SMTP_HOST: 'mail.example',
  };
  const loadService = (service: ServiceName, more: Record<string, string> = {}) =>
    loadConfig({ directory, environment: { ...production, ...more }, service });

  test.each(['websocket', 'worker'] as const)(
    'loadConfig: %s starts without JWT_SECRET in production, and ignores it',
    (service) => {
      const { ENCRYPTION_KEY, JWT_REFRESH_SECRET } = valid;
      const own = service === 'worker' ? { ENCRYPTION_KEY, JWT_REFRESH_SECRET } : {};
      expect(loadService(service, own).auth.jwtSecret).toBeUndefined();
      const config = loadService(service, { ...own, JWT_SECRET: 'short' });
      expect(JSON.stringify(config)).not.toContain('short');
      expect(() => loadService('api', own)).toThrow('JWT_SECRET');
    },
  );

  test('loadConfig: websocket holds no secret of tokens, storage or mail', () => {
    const { auth, storage, extra } = loadService('websocket', {
      ...valid,
      STORAGE_PROVIDER: 's3',
      AWS_SECRET_ACCESS_KEY: 'aws',
      SMTP_PASSWORD: 'mail',
      ENCRYPTION_KEY_FILE: '/run/secrets/none',
    });
    expect([auth.jwtSecret, auth.refreshSecret, auth.encryptionKey]).toEqual([
      undefined,
      undefined,
      undefined,
    ]);
    expect(storage.provider).toBe('local');
    expect(
      Object.keys(extra).filter((name) => /^(JWT_|AWS_|SMTP_PASS|ENCRYPTION)/.test(name)),
    ).toEqual([]);
  });

  const misspelt = {
    SMTP_PASWORD: 'hunter2',
    JWT_EXPIRY: '5m',
    PROT: '80',
    database_url: 'postgres://h/d',
    REDIS_URI: 'redis://h',
    SMTP_USER_FILE: '/run/secrets/user',
  };

  test.each(['production', 'staging'])(
    'loadConfig: unknown variables of the process environment stop the start in %s',
    (NODE_ENV) => {
      const { message } = errorOf({ ...valid, NODE_ENV, ...misspelt });
      expect(message.split('\n  ').slice(1)).toEqual([
        'SMTP_PASWORD: is unknown, did you mean SMTP_PASSWORD?',
        'JWT_EXPIRY: is unknown, did you mean JWT_EXPIRES_IN?',
        'PROT: is unknown, did you mean PORT?',
        'database_url: is unknown, did you mean DATABASE_URL?',
        'REDIS_URI: is unknown, did you mean REDIS_URL?',
        'SMTP_USER_FILE: is unknown, did you mean SMTP_USER?',
      ]);
      writeEnvFile('.env', 'VALKEY_SOMETHING_QUITE_DIFFERENT=1');
      const { message: inFile } = errorOf({ ...valid, NODE_ENV });
      expect(inFile).toEndWith('\n  VALKEY_SOMETHING_QUITE_DIFFERENT (in .env): is unknown');
    },
  );

  test('loadConfig: in development unknown variables of the process environment are reported as unused', () => {
    expect(load(misspelt).unused).toContainEqual({
      name: 'SMTP_PASWORD',
      reason: 'it is unknown, did you mean SMTP_PASSWORD?',
    });
  });

  test('loadConfig: variables of platforms, of compose and of other programs are no typos', () => {
    const platform = {
      ...{ PATH: '/bin', HOME: '/', HOSTNAME: 'api-1', PWD: '/app', SHLVL: '1', LANG: 'C' },
      ...{ NODE_OPTIONS: '', BUN_INSTALL: '/', TZ: 'UTC', HTTP_PROXY: 'http://proxy' },
      KUBERNETES_SERVICE_HOST: '10.0.0.1',
      VALKEY_SERVICE_HOST: '10.0.0.2',
      VALKEY_SERVICE_PORT_TLS: '6379',
      VALKEY_PORT: 'tcp://10.0.0.2:6379',
      VALKEY_PORT_6379_TCP_ADDR: '10.0.0.2',
      ...{ FLY_REGION: 'fra', PRIMARY_REGION: 'fra', RAILWAY_SERVICE_NAME: 'api' },
      ...{ npm_config_registry: 'x', OTEL_SERVICE_NAME: 'x', AWS_ROLE_ARN: 'x', APP_HOME: '/' },
      ...{ HTTPS_PORT: '8443', POSTGRES_PASSWORD: 'x', JWT_SECRET_FILE: undefined },
    };
    const environment = { ...valid, NODE_ENV: 'production', ...platform };
    expect(loadConfig({ directory, environment }).unused).toEqual([]);
  });

  test('every reserved prefix is one of a variable in the schema', () => {
    const names = Object.keys(environmentSchema.shape);
    const unused = reservedPrefixes.filter((prefix) => !names.some((n) => n.startsWith(prefix)));
    expect(unused).toEqual([]);
  });

  test('loadConfig: one error hides neither another one nor the rules across variables', () => {
    const error = errorOf({
      NODE_ENV: 'production',
      PORT: 'eighty',
      RATE_LIMIT_MAX_REQUESTS: '0',
      DATABASE_URL: 'postgres://u:password@h/d',
      DATABASE_POOL_MIN: '9',
      DATABASE_POOL_MAX: '8',
      APP_URL: 'http://desk.example',
      CORS_ORIGINS: 'https://a.example/path',
      SMTP_USER: 'u',
      AWS_SECRET_ACCESS_KEY: 'hunter2',
      WEBHOOK_ALLOW_PRIVATE: '1',
    });
    const named = [...error.message.matchAll(/^ {2}(\w+): /gm)].map(([, name]) => name);
    expect(named.toSorted()).toEqual([
      'APP_URL',
      'AWS_ACCESS_KEY_ID',
      'CORS_ORIGINS',
      'DATABASE_POOL_MIN',
      'DATABASE_URL',
      'ENCRYPTION_KEY',
      'JWT_REFRESH_SECRET',
      'JWT_SECRET',
      'PORT',
      'RATE_LIMIT_MAX_REQUESTS',
      'SMTP_PASSWORD',
      'VALKEY_URL',
      'WEBHOOK_ALLOW_PRIVATE',
    ]);
    expect(error.message).toContain('SMTP_PASSWORD: is required together with SMTP_USER');
    expect(error.message).not.toContain('hunter2');
  });

  test.each([
    ['NODE_ENV', '../../etc'],
    ['DATABASE_URL', 'mysql://h/d'],
    ['VALKEY_CACHE_URL', 'h:6379'],
    ['JWT_EXPIRES_IN', 'soon'],
    ['JWT_EXPIRES_IN', '8d'],
    ['RATE_LIMIT_WINDOW_MS', '1'],
    ['FEATURE_2FA_ENABLED', 'maybe'],
    ['STORAGE_PROVIDER', 'floppy'],
    ['ANTIVIRUS_URL', 'http://h:3310'],
    ['ANTIVIRUS_URL', 'tcp:h'],
    ['ANTIVIRUS_MODE', 'off'],
    ['LOG_LEVEL', 'loud'],
    ['REPLICA', 'Api 1'],
    ['JWT_SECRET', 'your-super-secret-key-change-in-production'],
    ['JWT_REFRESH_SECRET', 'CHANGE_ME_CHANGE_ME_CHANGE_ME_CHANGE_ME'],
    ['ENCRYPTION_KEY', 'my-secret-my-secret-my-secret-my-secret'],
    ['API_URL', 'localhost:3001'],
    ['API_VERSION', 'v2'],
    ['APP_NAME', 'Desk\r\nBcc: all@desk.example'],
    ['APP_NAME', '<b>Desk</b>'],
    ['APP_NAME', 'Desk:Account'],
    ['AUDIT_RETENTION_DAYS', '89'],
    ['AUDIT_RETENTION_DAYS', '1.5'],
  ])('loadConfig: %s=%s is refused', (name, value) => {
    expect(errorOf({ ...required, [name]: value }).message).toContain(`${name}: `);
  });

  test('loadConfig: production refuses default, repeated and repetitive secrets and a disabled rate limit', () => {
    const production = { ...required, NODE_ENV: 'production' };
    expect(errorOf(production).message).toContain('JWT_SECRET: set a secret of your own');
    const same = 'abcdefghijklmnopqrstuvwxyz0123456789';
    const error = errorOf({
      ...production,
      JWT_SECRET: same,
      JWT_REFRESH_SECRET: same,
      RATE_LIMIT_MAX_REQUESTS: '0',
    });
    expect(error.message).toContain('repeats JWT_SECRET');
    expect(error.message).toContain('RATE_LIMIT_MAX_REQUESTS');
    const repetitive = errorOf({
      ...production,
      JWT_SECRET: 'a'.repeat(40),
      JWT_REFRESH_SECRET: same,
    });
    expect(repetitive.message).toContain('JWT_SECRET: is too repetitive');
  });
});

test('loadConfig: the configuration is grouped, typed and frozen, and has lookups for keys outside the schema', () => {
  const config = load({
    JWT_EXPIRES_IN: '15m',
    JWT_REFRESH_EXPIRES_IN: '7d',
    N: '7',
    L: 'a, b',
    B: 'on',
  });
  expect(config.auth).toMatchObject({ accessTtlSeconds: 900, refreshTtlSeconds: 604_800 });
  expect(config.valkey.queueUrl).toBe(required.VALKEY_URL);
  expect(getNamespace(config, 'database').maxConnections).toBe(16);
  expect(() => Object.assign(config.database, { url: 'x' })).toThrow();
  expect(getNumber(config, 'N')).toBe(7);
  expect(getArray(config, 'L')).toEqual(['a', 'b']);
  expect(getBoolean(config, 'B')).toBe(true);
  expect(getString(config, 'NOWHERE', 'fallback')).toBe('fallback');
  expect(() => getString(config, 'NOWHERE')).toThrow('NOWHERE: is required');
  expect(() => getNumber(config, 'L')).toThrow('not a number');
  expect(() => getBoolean(config, 'L')).toThrow('is not a boolean');
});

test.each(['valkey', 'valkeys', 'redis', 'rediss'])(
  'loadConfig: %s:// is accepted as a Valkey URL',
  (scheme) => {
    const url = `${scheme}://:p@h:6379/1`;
    expect(load({ VALKEY_SESSION_URL: url }).valkey).toMatchObject({
      cacheUrl: required.VALKEY_URL,
      sessionUrl: url,
    });
  },
);

test.each([
  [{ NODE_ENV: 'development' }, false],
  [{ NODE_ENV: 'development', EMAIL_VERIFICATION: 'required' }, true],
  [{ NODE_ENV: 'development', SMTP_HOST: 'mail.example' }, true],
  [{ NODE_ENV: 'test' }, true],
  [{ NODE_ENV: 'test', EMAIL_VERIFICATION: 'optional' }, false],
])(
  'loadConfig: email verification is required unless mail goes to the local inbox: %p',
  (environment, isRequired) => {
    expect(load(environment).accounts.requiresVerifiedEmail).toBe(isRequired);
  },
);

test.each([
  ['s3', { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_S3_BUCKET: 'b' }],
  [
    'azure',
    { AZURE_STORAGE_ACCOUNT: 'a', AZURE_STORAGE_ACCESS_KEY: 'a2V5', AZURE_STORAGE_CONTAINER: 'c' },
  ],
  [
    'cloudinary',
    { CLOUDINARY_CLOUD_NAME: 'c', CLOUDINARY_API_KEY: 'k', CLOUDINARY_API_SECRET: 's' },
  ],
])(
  'loadConfig: storage in %s reports each missing variable of its account',
  (provider, account) => {
    const region: Record<string, string> = provider === 's3' ? { AWS_REGION: 'eu' } : {};
    const all = { ...account, ...region, STORAGE_PROVIDER: provider };
    expect(load(all).storage).toMatchObject({ provider, maxFileBytes: 26_214_400 } as object);
    for (const name of Object.keys({ ...account, ...region })) {
      expect(errorOf({ ...required, ...all, [name]: '' }).message).toContain(`${name}: `);
    }
    expect(errorOf({ ...required, STORAGE_PROVIDER: provider }).message).toContain(
      `is required by STORAGE_PROVIDER=${provider}`,
    );
  },
);

test('loadConfig: storage may be an S3-compatible service or a custom provider', () => {
  const s3 = { AWS_ACCESS_KEY_ID: 'id', AWS_SECRET_ACCESS_KEY: 'key', AWS_S3_BUCKET: 'b' };
  const r2 = { ...s3, STORAGE_PROVIDER: 's3', AWS_S3_ENDPOINT: 'https://a.example' };
  expect(load(r2).storage).toMatchObject({ endpoint: 'https://a.example', region: 'auto' });
  const own = { STORAGE_PROVIDER: 'custom', STORAGE_MODULE: './tape.ts', TAPE_DRIVE: '/dev/st0' };
  const custom = load(own).storage;
  expect(custom).toMatchObject({ provider: 'custom', module: './tape.ts' });
  expect(custom.provider === 'custom' && custom.variables.TAPE_DRIVE).toBe('/dev/st0');
  const incomplete = errorOf({ ...required, STORAGE_PROVIDER: 'custom' });
  expect(incomplete.message).toContain('STORAGE_MODULE: is required by STORAGE_PROVIDER=custom');
});

test('.env.example: lists exactly the variables of the schema with their defaults, and those of compose', async () => {
  const text = await Bun.file(join(import.meta.dir, '../../../.env.example')).text();
  const example = parseEnv(text);
  const listed = [...text.matchAll(/^#? ?([A-Z][A-Z0-9_]+)=/gm)].map(([, name]) => name);
  const read = [...Object.keys(environmentSchema.shape), ...composeNames];
  expect(listed.toSorted()).toEqual(read.toSorted());
  const shown = environmentSchema.parse(example);
  const defaults = environmentSchema.parse(required);
  expect({ ...shown, ...required }).toEqual({ ...defaults, ...required });
});

test('loadConfig: OTLP headers are parsed, and without an endpoint there is no tracing', () => {
  const tracingWith = (environment: Record<string, string>) => load(environment).tracing;
  const endpoint = { OTEL_EXPORTER_OTLP_ENDPOINT: 'http://collector:4318' };
  const headers = (value: string) => ({ ...endpoint, OTEL_EXPORTER_OTLP_HEADERS: value });
  expect(tracingWith({ OTEL_EXPORTER_OTLP_HEADERS: 'a=b' })).toBeUndefined();
  expect(tracingWith(endpoint)).toEqual({
    endpoint: 'http://collector:4318',
    otlpHeaders: {},
    ratio: 0.1,
    maxPerSecond: 20,
  });
  expect(tracingWith(headers('authorization=Bearer%20abc, x-key=d=e,y=50%'))?.otlpHeaders).toEqual({
    authorization: 'Bearer abc',
    'x-key': 'd=e',
    y: '50%',
  });
  expect(() => tracingWith(headers('Bearer abc'))).toThrow('must be name=value');
  expect(() => tracingWith({ ...endpoint, TRACE_SAMPLE_RATIO: '1.1' })).toThrow('TRACE_SAMPLE');
});
