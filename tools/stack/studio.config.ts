import { defineConfig } from 'drizzle-kit';
import { findRunFile } from './run-file.ts';

// As the superuser of the running stack, because the app role sees the rows of one tenant at most.
const url = process.env.POSTGRES_URL ?? findRunFile()?.postgres;
if (!url) throw new Error('No stack of this clone is running; start it with npm start');

/** `bun run db:studio`: a page that shows and changes every table; for development. */
export default defineConfig({
  dialect: 'postgresql',
  schema: ['./shared/domain/**/{tables,identity-tables}.ts', './shared/flow/*/tables.ts'],
  dbCredentials: { url },
});
