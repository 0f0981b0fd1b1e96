import { connect, createDatabase, type DatabaseOptions } from '@insightdesk/shared/database';
import { createTestDatabase } from './test-database.ts';

/** A database of its own, as the services and as an administrator connect to it. Close it after the tests. */
export async function openIsolatedDatabase(options: Partial<DatabaseOptions> = {}) {
  const server = await createTestDatabase();
  const { url, relayUrl } = server;
  const limits = { readers: 1, writers: 4, timeoutMs: 10_000, slowQueryMs: 10_000 };
  const database = createDatabase({ url, relayUrl, ...limits, ...options });
  const admin = connect(server.adminUrl, { timeoutMs: 10_000 });
  return {
    ...server,
    database,
    admin,
    async close() {
      await Promise.all([database.close(), admin.end()]);
      await server.drop();
    },
  };
}
