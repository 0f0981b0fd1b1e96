import { migrate } from '@insightdesk/shared/database';
import postgres from 'postgres';
import { testEnvironment } from './test-environment.ts';

/** An empty, migrated database without other clients. Drop it after the tests. */
export async function createTestDatabase() {
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  const inDatabase = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const admin = postgres(testEnvironment.adminUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name} owner insightdesk_owner`);
  await migrate({ url: inDatabase(testEnvironment.migrationUrl) });
  return {
    url: inDatabase(testEnvironment.databaseUrl),
    relayUrl: inDatabase(testEnvironment.relayUrl),
    identityUrl: inDatabase(testEnvironment.identityUrl),
    adminUrl: inDatabase(testEnvironment.adminUrl),
    async drop() {
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
