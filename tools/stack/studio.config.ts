import { defineConfig } from 'drizzle-kit';
import { findRunFile } from './run-file.ts';

// The superuser, because the app role can read the rows of one tenant only.
const url = process.env.POSTGRES_URL ?? findRunFile()?.postgres;
if (!url) throw new Error('No stack of this clone is running; start it with npm start');

/** `bun run db:studio`: a page to browse and edit all tables, for development. */
export default defineConfig({
  dialect: 'postgresql',
  schema: ['./shared/domain/**/{tables,identity-tables}.ts', './shared/flow/*/tables.ts'],
  dbCredentials: { url },
});
