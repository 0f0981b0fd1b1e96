import { defineConfig } from 'drizzle-kit';

/**
 * `bunx drizzle-kit generate --config shared/connections/database/drizzle.config.ts --name <change>`
 *
 * Drizzle cannot force row-level security: append `--> statement-breakpoint` and
 * `SELECT app.protect('<table>');` to the migration that creates a table with a tenant_id.
 */
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
