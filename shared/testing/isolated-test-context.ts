import { connect } from '@insightdesk/shared/database';
import { createTestContext } from './test-context.ts';
import { createTestDatabase } from './test-database.ts';

/** A test context with its own database, and an admin connection to it. */
export async function createIsolatedTestContext() {
  const database = await createTestDatabase();
  const testContext = createTestContext(database.url);
  const admin = connect(database.adminUrl, { timeoutMs: 5_000 });
  return {
    ...testContext,
    admin,
    async close() {
      await Promise.all([testContext.close(), admin.end()]);
      await database.drop();
    },
  };
}
