import { hostname } from 'node:os';
import { type Environment, isDsn } from './environment.ts';
import { shapeStorage } from './shape-storage.ts';
import { listUnknownVariables, toReason } from './unknown-variables.ts';
import { unusedVariables } from './variable-names.ts';

export type ServiceName = 'api' | 'websocket' | 'worker' | 'desk';

/** The validated configuration; every module receives its own namespace. */
export type Config = ReturnType<typeof shapeConfig>;

/** Groups the flat variables by the module that uses them. */
export function shapeConfig(
  env: Environment,
  service: ServiceName,
  extra: Record<string, string | undefined>,
) {
  return {
    environment: env.NODE_ENV,
    service: {
      name: service,
      replica: env.REPLICA ?? defaultReplica(service),
      host: env.HOST,
      port: env.PORT,
      shutdownTimeoutMs: env.SHUTDOWN_TIMEOUT_MS,
    },
    database: shapeDatabase(env),
    valkey: {
      url: env.VALKEY_URL,
      cacheUrl: env.VALKEY_CACHE_URL ?? env.VALKEY_URL,
      queueUrl: env.VALKEY_QUEUE_URL ?? env.VALKEY_URL,
      sessionUrl: env.VALKEY_SESSION_URL ?? env.VALKEY_URL,
    },
    auth: {
      /** Undefined in services that do not use it, as the two below. */
      jwtSecret: env.JWT_SECRET as string | undefined,
      refreshSecret: env.JWT_REFRESH_SECRET as string | undefined,
      encryptionKey: env.ENCRYPTION_KEY as string | undefined,
      previousEncryptionKeys: env.ENCRYPTION_KEYS_PREVIOUS,
      issuer: env.JWT_ISSUER,
      audience: env.JWT_AUDIENCE,
      accessTtlSeconds: env.JWT_EXPIRES_IN,
      refreshTtlSeconds: env.JWT_REFRESH_EXPIRES_IN,
    },
    rateLimit: { windowMs: env.RATE_LIMIT_WINDOW_MS, maxRequests: env.RATE_LIMIT_MAX_REQUESTS },
    loadShedding: { lagMs: env.LOAD_SHED_LAG_MS, waitMs: env.LOAD_SHED_WAIT_MS },
    product: { name: env.APP_NAME },
    http: shapeHttp(env),
    storage: shapeStorage(env, extra),
    media: {
      maxPixels: env.MEDIA_MAX_PIXELS,
      concurrency: env.MEDIA_CONCURRENCY,
      memoryBytes: env.MEDIA_MEMORY_BYTES,
      maxSeconds: env.MEDIA_MAX_SECONDS,
      toolsDirectory: env.MEDIA_TOOLS_DIRECTORY,
    },
    antivirus: shapeAntivirus(env),
    email: shapeEmail(env),
    realtime: shapeRealtime(env),
    outbound: { allowPrivate: env.WEBHOOK_ALLOW_PRIVATE },
    jobs: { concurrency: env.JOBS_CONCURRENCY, workersMax: env.WORKERS_MAX },
    invitations: { perDay: env.INVITATIONS_PER_DAY },
    accounts: shapeAccounts(env),
    quotas: shapeQuotas(env),
    unverifiedQuotas: shapeUnverifiedQuotas(env),
    emailsPerRecipientAndDay: env.QUOTA_EMAILS_PER_RECIPIENT,
    audit: { retentionDays: env.AUDIT_RETENTION_DAYS },
    tenantDeletion: { graceSeconds: env.ERASURE_GRACE },
    operators: { organizationId: env.OPERATOR_ORGANIZATION_ID },
    logging: shapeLogging(env),
    errors: shapeErrors(env),
    tracing: env.OTEL_EXPORTER_OTLP_ENDPOINT
      ? {
          endpoint: env.OTEL_EXPORTER_OTLP_ENDPOINT,
          otlpHeaders: env.OTEL_EXPORTER_OTLP_HEADERS,
          ratio: env.TRACE_SAMPLE_RATIO,
          maxPerSecond: env.TRACE_MAX_PER_SECOND,
        }
      : undefined,
    features: {
      twoFactor: env.FEATURE_2FA_ENABLED,
      oauth: env.FEATURE_OAUTH_ENABLED,
    },
    secrets: { ttlSeconds: env.SECRETS_TTL },
    backups: { statusFile: env.BACKUP_STATUS_FILE },
    unused: findUnused(env, extra),
    /** All variables as they were read, for keys outside the schema. */
    extra,
  };
}

/** Variables that are set and change nothing, with the reason; deployed services refuse unknown ones. */
function findUnused(env: Environment, extra: Record<string, string | undefined>) {
  const set = Object.entries(unusedVariables).filter(([name]) => extra[name] !== undefined);
  const isPlaceholder = env.SENTRY_DSN && !isDsn(env.SENTRY_DSN);
  return [
    ...set.map(([name, reason]) => ({ name, reason })),
    ...listUnknownVariables(extra).map((unknown) => ({
      name: unknown.name,
      reason: `it ${toReason(unknown)}`,
    })),
    ...(isPlaceholder ? [{ name: 'SENTRY_DSN', reason: 'it is a placeholder, not a DSN' }] : []),
  ];
}

/** Workers are scaled without names of their own; the host, in a container its id, identifies each. */
function defaultReplica(service: ServiceName): string {
  if (service !== 'worker') return `${service}-1`;
  const host = hostname()
    .toLowerCase()
    .replace(/[^a-z0-9]+/g, '-')
    .replace(/^-|-$/g, '')
    .slice(0, 40);
  return `worker-${host || 1}`;
}

/** Quotas of an organization; 0 is unlimited. */
function shapeQuotas(env: Environment) {
  return {
    'stored-bytes': env.QUOTA_STORED_BYTES,
    seats: env.QUOTA_SEATS,
    'log-bytes': env.QUOTA_LOG_BYTES,
    'waiting-jobs': env.QUOTA_WAITING_JOBS,
    'job-bytes': env.QUOTA_JOB_BYTES,
    sockets: env.REALTIME_MAX_SOCKETS_PER_ORGANIZATION,
    'requests-per-day': env.QUOTA_REQUESTS_PER_DAY,
    'requests-per-month': env.QUOTA_REQUESTS_PER_MONTH,
    'emails-per-day': env.QUOTA_EMAILS_PER_DAY,
  };
}

const shapeAccounts = (env: Environment) => ({
  registration: env.REGISTRATION,
  requiresVerifiedEmail: requiresVerifiedEmail(env),
  registrationsPerDay: env.REGISTRATIONS_PER_DAY,
});

/** Of organizations without an owner whose address is verified: never more than of others. */
function shapeUnverifiedQuotas(env: Environment): ReturnType<typeof shapeQuotas> {
  const quotas = shapeQuotas(env);
  if (!requiresVerifiedEmail(env)) return quotas;
  const lower = (one: number, other: number) => Math.min(one || other, other || one);
  return {
    ...quotas,
    'stored-bytes': lower(quotas['stored-bytes'], env.QUOTA_STORED_BYTES_UNVERIFIED),
    'log-bytes': lower(quotas['log-bytes'], env.QUOTA_LOG_BYTES_UNVERIFIED),
    'waiting-jobs': lower(quotas['waiting-jobs'], env.QUOTA_WAITING_JOBS_UNVERIFIED),
    'job-bytes': lower(quotas['job-bytes'], env.QUOTA_JOB_BYTES_UNVERIFIED),
    sockets: lower(quotas.sockets, env.QUOTA_SOCKETS_UNVERIFIED),
    'requests-per-day': lower(quotas['requests-per-day'], env.QUOTA_REQUESTS_PER_DAY_UNVERIFIED),
    'emails-per-day': lower(quotas['emails-per-day'], env.QUOTA_EMAILS_PER_DAY_UNVERIFIED),
  };
}

/** Optional where all mail goes to the local dev inbox: verification would only be in the way. */
function requiresVerifiedEmail(env: Environment): boolean {
  const isLocalInbox = ['127.0.0.1', 'localhost', 'inbox'].includes(env.SMTP_HOST ?? '');
  const fallback = env.NODE_ENV === 'development' && isLocalInbox ? 'optional' : 'required';
  return (env.EMAIL_VERIFICATION ?? fallback) === 'required';
}

function shapeLogging(env: Environment) {
  return {
    level: env.LOG_LEVEL,
    format: env.LOG_FORMAT ?? (env.NODE_ENV === 'development' ? 'pretty' : 'json'),
    webhook: env.LOG_WEBHOOK_URL
      ? { url: env.LOG_WEBHOOK_URL, level: env.LOG_WEBHOOK_LEVEL }
      : undefined,
    file: env.LOG_FILE_DIRECTORY
      ? {
          directory: env.LOG_FILE_DIRECTORY,
          level: env.LOG_FILE_LEVEL,
          maxBytes: env.LOG_FILE_MAX_BYTES,
          maxArchives: env.LOG_FILE_KEEP,
        }
      : undefined,
    transports: env.LOG_TRANSPORTS,
  };
}

/** The placeholder DSN of an example counts as not set. */
function shapeErrors({ SENTRY_DSN: dsn, SENTRY_RELEASE: release }: Environment) {
  return { dsn: dsn && isDsn(dsn) ? dsn : undefined, release };
}

function shapeDatabase(env: Environment) {
  return {
    url: env.DATABASE_URL,
    directUrl: env.DATABASE_DIRECT_URL ?? env.DATABASE_URL,
    migrationUrl: env.DATABASE_MIGRATION_URL,
    relayUrl: env.DATABASE_RELAY_URL,
    identityUrl: env.DATABASE_IDENTITY_URL,
    minConnections: env.DATABASE_POOL_MIN,
    maxConnections: env.DATABASE_POOL_MAX,
    timeoutMs: env.DATABASE_TIMEOUT,
    heavy: {
      connections: env.DATABASE_SEARCH_CONNECTIONS,
      timeoutMs: env.DATABASE_SEARCH_TIMEOUT,
    },
    slowQueryMs: env.DATABASE_SLOW_QUERY_MS,
    prepare: env.DATABASE_PREPARE,
  };
}

/** `publicUrl` is the address of the API, `appUrl` that of the web pages; often the same. */
function shapeHttp(env: Environment) {
  const appUrl = env.APP_URL.replace(/\/$/, '');
  const publicUrl = (env.API_URL ?? env.APP_URL).replace(/\/$/, '');
  const pages = new URL(appUrl).origin;
  const isOtherOrigin = pages !== new URL(publicUrl).origin && !env.CORS_ORIGINS.includes(pages);
  return {
    appUrl,
    publicUrl,
    filesUrl: env.FILES_URL ?? publicUrl,
    probeUrl: env.PROBE_URL,
    corsOrigins: [...env.CORS_ORIGINS, ...(isOtherOrigin ? [pages] : [])],
    jsonLimitBytes: env.JSON_LIMIT_BYTES,
    securityContact: env.SECURITY_CONTACT,
    clientAddress: shapeClientAddress(env),
  };
}

function shapeClientAddress({ CLIENT_ADDRESS_FROM: from, TRUSTED_PROXIES: trusted }: Environment) {
  return from === 'none' ? { from } : { from, trusted };
}

function shapeAntivirus(env: Environment) {
  const { ANTIVIRUS_URL: url, ANTIVIRUS_MODE: mode, ANTIVIRUS_MAX_BYTES: maxBytes } = env;
  return { url, mode, maxBytes };
}

function shapeEmail(env: Environment) {
  return {
    provider: 'smtp' as const,
    host: env.SMTP_HOST,
    port: env.SMTP_PORT,
    secure: env.SMTP_SECURE,
    user: env.SMTP_USER,
    password: env.SMTP_PASSWORD,
    from: env.SMTP_FROM,
    lookupUrl: env.EMAIL_LOOKUP_URL,
    replyDomain: env.MAIL_REPLY_DOMAIN,
  };
}

function shapeRealtime(env: Environment) {
  return {
    historyLength: env.REALTIME_HISTORY_LENGTH,
    historySeconds: env.REALTIME_HISTORY_SECONDS,
    historyBytes: env.REALTIME_HISTORY_BYTES,
    totalLogBytes: env.REALTIME_TOTAL_BYTES || undefined,
    maxChannelsPerSocket: env.REALTIME_MAX_CHANNELS_PER_SOCKET,
    maxChannelsPerOrganization: env.REALTIME_MAX_CHANNELS_PER_ORGANIZATION,
    maxSockets: {
      user: env.REALTIME_MAX_SOCKETS_PER_USER,
      organization: env.REALTIME_MAX_SOCKETS_PER_ORGANIZATION,
      address: env.REALTIME_MAX_SOCKETS_PER_ADDRESS,
    },
  };
}
