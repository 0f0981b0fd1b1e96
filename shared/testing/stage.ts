import { connect } from '@insightdesk/shared/database';
import { createTestContext } from './context.ts';
import { createTestDatabase } from './database.ts';

/** A test context on a database of its own, with the login of its administrator. */
export async function openTestStage() {
  const server = await createTestDatabase();
  const stage = createTestContext(server.url);
  const admin = connect(server.adminUrl, { timeoutMs: 5_000 });
  return {
    ...stage,
    admin,
    async close() {
      await Promise.all([stage.close(), admin.end()]);
      await server.drop();
    },
  };
}
