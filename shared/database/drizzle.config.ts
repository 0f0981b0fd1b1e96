import { defineConfig } from 'drizzle-kit';

/** `bunx drizzle-kit generate --config shared/database/drizzle.config.ts --name <what>` */
export default defineConfig({
  dialect: 'postgresql',
  schema: ['./shared/domain/*/tables.ts', './shared/events/tables.ts', './shared/jobs/tables.ts'],
  out: './shared/database/migrations',
});
