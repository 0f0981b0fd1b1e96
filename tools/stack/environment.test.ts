import { expect, test } from 'bun:test';
import { serviceEnvironment } from './environment.ts';
import { preferredPorts } from './processes/ports.ts';

const addresses = {
  directory: '/data',
  ports: preferredPorts,
  secrets: {
    admin: 'a',
    owner: 'b',
    app: 'c',
    relay: 'r',
    identity: 'i',
    valkey: 'd',
    jwt: 'e',
    refresh: 'f',
    encryption: 'g',
  },
  url: 'https://localhost:8443',
  databaseUrl: 'postgres://here',
  valkeyUrl: 'redis://here',
  inboxUrl: 'http://inbox',
};

test('variables of the caller reach the services', () => {
  const environment = serviceEnvironment(addresses, {
    LOG_LEVEL: 'debug',
    NODE_ENV: 'production',
    APP_URL: 'https://desk.example',
    EMPTY: undefined,
  });
  expect(environment).toMatchObject({
    LOG_LEVEL: 'debug',
    NODE_ENV: 'production',
    APP_URL: 'https://desk.example',
    API_URL: 'https://desk.example',
    SMTP_PORT: '1025',
    EMAIL_LOOKUP_URL: 'http://inbox',
  });
  expect(environment).not.toHaveProperty('EMPTY');
});

test('variables of the caller do not replace the servers of the stack', () => {
  const environment = serviceEnvironment(addresses, {
    DATABASE_URL: 'postgres://elsewhere',
    VALKEY_URL: 'redis://elsewhere',
    VALKEY_CACHE_URL: 'redis://elsewhere',
    STORAGE_DIRECTORY: '/elsewhere',
  });
  expect(environment).toMatchObject({
    DATABASE_URL: 'postgres://here',
    VALKEY_URL: 'redis://here',
    VALKEY_CACHE_URL: 'redis://here',
    VALKEY_QUEUE_URL: 'redis://here',
    VALKEY_SESSION_URL: 'redis://here',
    STORAGE_DIRECTORY: '/data/files',
  });
});

test('SMTP_HOST of the caller replaces the dev inbox entirely', () => {
  const environment = serviceEnvironment(addresses, { SMTP_HOST: 'mail.example' });
  expect(environment.SMTP_HOST).toBe('mail.example');
  expect(environment).not.toHaveProperty('SMTP_PORT');
  expect(environment).not.toHaveProperty('EMAIL_LOOKUP_URL');
});

test('OPERATOR_ORGANIZATION_ID is the demo organization unless the caller sets it', () => {
  const operatorId = 'org_01h455vb4pex5vsknk084sn02q';
  const operatorWith = (caller: Record<string, string>) =>
    serviceEnvironment({ ...addresses, operatorId }, caller).OPERATOR_ORGANIZATION_ID;
  expect(operatorWith({})).toBe(operatorId);
  expect(operatorWith({ OPERATOR_ORGANIZATION_ID: 'another' })).toBe('another');
  expect(serviceEnvironment(addresses, {})).not.toHaveProperty('OPERATOR_ORGANIZATION_ID');
});
