import { migrate } from '@insightdesk/shared/database';
import postgres from 'postgres';
import { testEnvironment } from './environment.ts';

/** An empty, migrated database that nobody else listens to. Drop it after the tests. */
export async function createTestDatabase() {
  const name = `test_${crypto.randomUUID().replaceAll('-', '')}`;
  const at = (url: string) => Object.assign(new URL(url), { pathname: `/${name}` }).href;
  const admin = postgres(testEnvironment.adminUrl, { max: 1, onnotice: () => {} });
  await admin.unsafe(`create database ${name} owner insightdesk_owner`);
  await migrate({ url: at(testEnvironment.migrationUrl) });
  return {
    url: at(testEnvironment.databaseUrl),
    relayUrl: at(testEnvironment.relayUrl),
    identityUrl: at(testEnvironment.identityUrl),
    adminUrl: at(testEnvironment.adminUrl),
    async drop() {
      await admin.unsafe(`drop database ${name} with (force)`);
      await admin.end();
    },
  };
}
