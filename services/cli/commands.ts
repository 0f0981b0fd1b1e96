interface Command {
  summary: string;
  /** Returns the exit code. */
  run(words: string[]): Promise<number>;
}

/** Each command is loaded when it is called, so that a container needs only what its command imports. */
export const commands: Record<string, Command> = {
  doctor: {
    summary: '[--json] [<check> …]: check this installation and show how to fix errors',
    run: async (words) => (await import('./doctor/doctor.ts')).doctor(words),
  },
  migrate: {
    summary: '[--status | --dry-run]: migrate the schema (DATABASE_MIGRATION_URL)',
    run: async (words) => (await import('./migrate.ts')).migrateDatabase(words),
  },
  events: {
    summary: 'replay --since <time> --to <target>: replay the effects of past events',
    run: async (words) => (await import('./events.ts')).replayEvents(words),
  },
  organizations: {
    summary:
      'list | show|disable|enable|quota|export|erase|impersonate <id> …: manage organizations',
    run: async (words) => (await import('./organizations.ts')).manageOrganization(words),
  },
  users: {
    summary: 'find <text> | verify|reset-two-factor|end-sessions <id>: manage accounts',
    run: async (words) => (await import('./users.ts')).manageUsers(words),
  },
  secrets: {
    summary: 'generate [--env <file>]: create the secrets of an installation',
    run: async (words) => (await import('./secrets.ts')).manageSecrets(words),
  },
  seed: {
    summary: 'create the demo organization of a running stack, for development',
    run: async (words) => (await import('./seed.ts')).seedDemo(words),
  },
  files: {
    summary: 'check | collect: reconcile stored files with the database (DATABASE_URL)',
    run: async (words) => (await import('./files.ts')).manageFiles(words),
  },
  audit: {
    summary:
      'verify [--organization <id>] [--compare <file>] | acts: verify audit chains; list operator actions',
    run: async (words) => (await import('./audit.ts')).manageAudit(words),
  },
  flags: {
    summary: 'list <id> | set <id> <name> <value>: feature flags of an organization (DATABASE_URL)',
    run: async (words) => (await import('./flags.ts')).manageFlags(words),
  },
  keys: {
    summary: 'list | rotate | reencrypt: signing keys and encryption of stored secrets',
    run: async (words) => (await import('./keys.ts')).manageKeys(words),
  },
  schedules: {
    summary: 'list | pause|resume <name>: cron schedules (DATABASE_URL)',
    run: async (words) => (await import('./schedules.ts')).manageSchedules(words),
  },
  sockets: {
    summary:
      'clients <id> <channel> | channels <id> <user>|<socket>: who is connected (VALKEY_URL)',
    run: async (words) => (await import('./sockets.ts')).listSockets(words),
  },
  queues: {
    summary: 'list | pause|resume|retry <queue>: job queues (VALKEY_URL)',
    run: async (words) => (await import('./queues.ts')).manageQueues(words),
  },
};
