interface Command {
  summary: string;
  /** Does it and returns the exit code. */
  run(words: string[]): Promise<number>;
}

/** Loaded when called, so that a container needs no more than its command does. */
export const commands: Record<string, Command> = {
  doctor: {
    summary: '[--json] [<check> …]: what is wrong with this installation, and how to mend it',
    run: async (words) => (await import('./doctor.ts')).doctor(words),
  },
  migrate: {
    summary: '[--status | --dry-run]: bring the schema up to date (DATABASE_MIGRATION_URL)',
    run: async (words) => (await import('./migrate.ts')).migrateDatabase(words),
  },
  events: {
    summary: 'replay --since <time> --to <consequence>: let what follows from events come again',
    run: async (words) => (await import('./events.ts')).replayEvents(words),
  },
  organizations: {
    summary:
      'disable|enable|quota|export|erase|impersonate <id> …: shut out, let in, allow so much, take along',
    run: async (words) => (await import('./organizations.ts')).manageOrganization(words),
  },
  files: {
    summary: 'check | collect: files without a row, rows without their file (DATABASE_URL)',
    run: async (words) => (await import('./files.ts')).manageFiles(words),
  },
  audit: {
    summary: 'verify [--organization <id>] [--noted <file>] | acts: the chains; what operators did',
    run: async (words) => (await import('./audit.ts')).manageAudit(words),
  },
  flags: {
    summary: 'list <id> | set <id> <name> <value>: switches of an organisation (DATABASE_URL)',
    run: async (words) => (await import('./flags.ts')).manageFlags(words),
  },
  keys: {
    summary: 'list | rotate | reencrypt: what signs tokens, and what secrets are kept with',
    run: async (words) => (await import('./keys.ts')).manageKeys(words),
  },
  schedules: {
    summary: 'list | pause|resume <name>: what time causes (DATABASE_URL)',
    run: async (words) => (await import('./schedules.ts')).manageSchedules(words),
  },
  queues: {
    summary: 'list | pause|resume|retry <queue>: what waits, and what has failed (VALKEY_URL)',
    run: async (words) => (await import('./queues.ts')).manageQueues(words),
  },
};
