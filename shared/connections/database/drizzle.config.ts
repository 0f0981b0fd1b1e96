import { defineConfig } from 'drizzle-kit';

/** `bunx drizzle-kit generate --config shared/connections/database/drizzle.config.ts --name <what>` */
export default defineConfig({
  dialect: 'postgresql',
  schema: [
    './shared/domain/**/tables.ts',
    './shared/domain/**/identity-tables.ts',
    './shared/flow/events/tables.ts',
    './shared/flow/idempotency/tables.ts',
    './shared/flow/jobs/tables.ts',
  ],
  out: './shared/connections/database/migrations',
});
