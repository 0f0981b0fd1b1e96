import { migrate } from '@insightdesk/shared/database';

/** Migrates as the schema's owner. */
export async function migrateDatabase(): Promise<number> {
  const url = process.env.DATABASE_MIGRATION_URL;
  if (!url) {
    throw new Error(
      'DATABASE_MIGRATION_URL is not set: the URL of the schema owner, insightdesk_owner. ' +
        'npm start migrates by itself.',
    );
  }
  await migrate({ url, log: (line) => console.log(line) });
  return 0;
}
