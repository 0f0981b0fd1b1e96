import { type Id, isId } from '@insightdesk/shared/contract';
import { z } from 'zod';

const flag = z.stringbool();
const port = z.coerce.number().int().min(0).max(65_535);
const count = (min: number, max = Number.MAX_SAFE_INTEGER) =>
  z.coerce.number().int().min(min).max(max);
const postgresUrl = z.url({ protocol: /^postgres(ql)?$/ });
const valkeyUrl = z.url({ protocol: /^(redis|valkey)s?$/ });
const httpUrl = z.url({ protocol: /^https?$/ });
const domainName = z
  .string()
  .max(180)
  .regex(
    /^([a-z0-9]([a-z0-9-]*[a-z0-9])?\.)+[a-z]{2,}$/,
    'must be a domain such as reply.example.com',
  );
const antivirusUrl = z
  .url()
  .regex(/^(tcp:\/\/[^/?#]+|unix:\/\/\/.+)$/, 'must be tcp://host:port or unix:///path');
const list = z.string().transform((value) =>
  value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean),
);

const origin = z
  .string()
  .refine((value) => URL.canParse(value) && new URL(value).origin === value, {
    error: 'must be origins such as https://app.example.com, separated by commas',
  });

const storageProvider = z.enum(['local', 's3', 'azure', 'cloudinary', 'memory', 'custom']);
const filesOrigin = httpUrl.refine(
  (value) => URL.canParse(value) && new URL(value).origin === value,
  { error: 'must be an origin such as https://files.example.com' },
);

const otlpHeaders = list
  .pipe(
    z.array(z.string().regex(/^[\w-]+=[^\r\n]*$/, 'must be name=value pairs, separated by commas')),
  )
  .transform((pairs) =>
    Object.fromEntries(
      pairs.map((pair) => {
        const at = pair.indexOf('=');
        return [pair.slice(0, at), decoded(pair.slice(at + 1))];
      }),
    ),
  );

const organizationId = z.custom<Id<'org'>>((value) => isId('org', value), {
  error: 'must be the id of an organization, org_…',
});

function decoded(value: string): string {
  try {
    return decodeURIComponent(value);
  } catch {
    return value;
  }
}

const units = { s: 1, m: 60, h: 3600, d: 86_400 } as const;

/** `15m`, `7d`, or plain seconds; becomes seconds. */
const duration = z
  .string()
  .regex(/^\d+[smhd]?$/, 'must be a number of seconds or a duration such as 15m, 12h, 7d')
  .transform((value) => {
    const unit = value.at(-1) as keyof typeof units;
    return Number.parseInt(value, 10) * (units[unit] ?? 1);
  });

const logLevel = z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal']);
const sentryDsn = z.string().refine((value) => isDsn(value) || isPlaceholderDsn(value), {
  error: 'is not a valid DSN; a DSN looks like https://<key>@<host>/<project>',
});

/** Whether this is a DSN of Sentry's protocol, `https://<key>@<host>/<project>`. */
export function isDsn(value: string): boolean {
  if (!URL.canParse(value)) return false;
  const { protocol, username, pathname } = new URL(value);
  return /^https?:$/.test(protocol) && username !== '' && /\/\d+$/.test(pathname);
}

/** Whether this is the placeholder of an example, such as `https://your-sentry-dsn`. */
const isPlaceholderDsn = (value: string) =>
  URL.canParse(value) && /^(your|my)-/.test(new URL(value).hostname);

export const environmentNames = ['development', 'test', 'staging', 'production'] as const;

/** Default secret of development and test; production and staging refuse it. */
export const DEVELOPMENT_SECRET = 'development-only-secret-do-not-use-anywhere-else';
/** Placeholders of examples. */
const placeholder = /^(your|my)[-_ ][a-z]+[-_ ]|change[-_ ]?(me|this|in[-_ ]production)/i;
const longSecret = z.string().min(32, 'must have at least 32 characters');
const secret = longSecret.refine(
  (value) => !placeholder.test(value),
  'is the placeholder of an example, set a secret of your own',
);
/** Shown in emails, in authenticator apps and on the API reference. */
const appName = z
  .string()
  .regex(/^[\p{L}\p{N}][\p{L}\p{N} ._'&-]{0,59}$/u, 'must be a name of up to 60 characters');

/** An email address or a URL, for `/.well-known/security.txt`. */
const securityContact = z.union([z.email(), z.url({ protocol: /^https$/ })], {
  error: 'must be an email address or an https URL',
});

/** Every variable of the services, with its default; `.env.example` lists exactly these. */
export const environmentSchema = z.object({
  NODE_ENV: z.enum(environmentNames).default('development'),
  HOST: z.string().default('127.0.0.1'),
  PORT: port.default(3000),
  REPLICA: z
    .string()
    .regex(/^[a-z][a-z0-9-]*$/)
    .optional(),
  APP_NAME: appName.default('InsightDesk'),
  APP_URL: httpUrl.default('https://localhost:8443'),
  API_URL: httpUrl.optional(),
  API_VERSION: z.literal('v1', 'must be v1, the only supported version').default('v1'),
  FILES_URL: filesOrigin.optional(),
  PROBE_URL: httpUrl.optional(),
  SECURITY_CONTACT: securityContact.optional(),
  SHUTDOWN_TIMEOUT_MS: count(100).default(10_000),

  DATABASE_URL: postgresUrl,
  DATABASE_DIRECT_URL: postgresUrl.optional(),
  DATABASE_MIGRATION_URL: postgresUrl.optional(),
  DATABASE_RELAY_URL: postgresUrl.optional(),
  DATABASE_IDENTITY_URL: postgresUrl.optional(),
  DATABASE_POOL_MIN: count(0, 1000).default(2),
  DATABASE_POOL_MAX: count(8, 1000).default(16),
  DATABASE_TIMEOUT: count(100).default(10_000),
  DATABASE_SEARCH_CONNECTIONS: count(1, 100).default(2),
  DATABASE_SEARCH_TIMEOUT: count(100).default(2_000),
  DATABASE_SLOW_QUERY_MS: count(1).default(500),
  DATABASE_PREPARE: flag.default(true),

  VALKEY_URL: valkeyUrl,
  VALKEY_CACHE_URL: valkeyUrl.optional(),
  VALKEY_QUEUE_URL: valkeyUrl.optional(),
  VALKEY_SESSION_URL: valkeyUrl.optional(),

  JWT_SECRET: secret.default(DEVELOPMENT_SECRET),
  JWT_REFRESH_SECRET: secret.default(`${DEVELOPMENT_SECRET}-either`),
  ENCRYPTION_KEY: secret.default(`${DEVELOPMENT_SECRET}-nor-here`),
  ENCRYPTION_KEYS_PREVIOUS: list.pipe(z.array(longSecret)).default([]),
  JWT_EXPIRES_IN: duration.default(900),
  JWT_REFRESH_EXPIRES_IN: duration.default(604_800),
  JWT_ISSUER: z.string().default('insightdesk'),
  JWT_AUDIENCE: z.string().default('insightdesk'),

  CORS_ORIGINS: list.pipe(z.array(origin)).default([]),
  RATE_LIMIT_WINDOW_MS: count(1000).default(60_000),
  RATE_LIMIT_MAX_REQUESTS: count(0).default(300),
  LOAD_SHED_LAG_MS: count(0).default(1_000),
  LOAD_SHED_WAIT_MS: count(0).default(2_000),
  JSON_LIMIT_BYTES: count(1024).default(10_485_760),
  CLIENT_ADDRESS_FROM: z.enum(['nginx', 'fly', 'railway', 'none']).default('nginx'),
  TRUSTED_PROXIES: list.default(['loopback', 'private']),

  STORAGE_PROVIDER: storageProvider.default('local'),
  STORAGE_MODULE: z.string().optional(),
  STORAGE_DIRECTORY: z.string().default('.data/files'),
  MAX_FILE_SIZE: count(1).default(26_214_400),
  MEDIA_MAX_PIXELS: count(1).default(50_000_000),
  MEDIA_CONCURRENCY: count(1, 64).default(1),
  MEDIA_MEMORY_BYTES: count(134_217_728).default(536_870_912),
  ANTIVIRUS_URL: antivirusUrl.optional(),
  ANTIVIRUS_MODE: z.enum(['fail-closed', 'fail-open']).default('fail-closed'),
  ANTIVIRUS_MAX_BYTES: count(1).default(26_214_400),
  MEDIA_MAX_SECONDS: count(1, 86_400).default(7_200),
  MEDIA_TOOLS_DIRECTORY: z.string().optional(),
  CLOUDINARY_CLOUD_NAME: z.string().optional(),
  CLOUDINARY_API_KEY: z.string().optional(),
  CLOUDINARY_API_SECRET: z.string().optional(),
  CLOUDINARY_API_URL: httpUrl.default('https://api.cloudinary.com'),
  AZURE_STORAGE_ACCOUNT: z.string().optional(),
  AZURE_STORAGE_ACCESS_KEY: z.string().optional(),
  AZURE_STORAGE_CONTAINER: z.string().optional(),
  AZURE_STORAGE_ENDPOINT: httpUrl.optional(),
  AZURE_STORAGE_PUBLIC_ENDPOINT: httpUrl.optional(),
  AWS_S3_ENDPOINT: httpUrl.optional(),
  AWS_S3_PUBLIC_ENDPOINT: httpUrl.optional(),
  AWS_REGION: z.string().optional(),
  AWS_ACCESS_KEY_ID: z.string().optional(),
  AWS_SECRET_ACCESS_KEY: z.string().optional(),
  AWS_S3_BUCKET: z.string().optional(),

  SMTP_HOST: z.string().default('127.0.0.1'),
  SMTP_PORT: port.default(1025),
  SMTP_SECURE: flag.default(false),
  SMTP_USER: z.string().optional(),
  SMTP_PASSWORD: z.string().optional(),
  SMTP_FROM: z.string().default('InsightDesk <desk@localhost.localdomain>'),
  EMAIL_LOOKUP_URL: httpUrl.optional(),
  MAIL_REPLY_DOMAIN: domainName.optional(),

  REALTIME_HISTORY_LENGTH: count(10, 100_000).default(1000),
  REALTIME_HISTORY_SECONDS: count(60).default(86_400),
  REALTIME_HISTORY_BYTES: count(100_000).default(8_388_608),
  REALTIME_TOTAL_BYTES: count(0).default(0),
  REALTIME_MAX_CHANNELS_PER_SOCKET: count(1, 10_000).default(200),
  REALTIME_MAX_CHANNELS_PER_ORGANIZATION: count(1).default(100_000),
  REALTIME_MAX_SOCKETS_PER_USER: count(1).default(50),
  REALTIME_MAX_SOCKETS_PER_ORGANIZATION: count(1).default(10_000),
  REALTIME_MAX_SOCKETS_PER_ADDRESS: count(1).default(5_000),
  JOBS_CONCURRENCY: count(1, 1000).default(10),
  WEBHOOK_ALLOW_PRIVATE: flag.default(false),
  WORKERS_MAX: count(1, 100).default(3),

  REGISTRATION: z.enum(['open', 'invitation', 'closed']).default('open'),
  EMAIL_VERIFICATION: z.enum(['required', 'optional']).optional(),
  INVITATIONS_PER_DAY: count(1, 1_000_000).default(200),
  REGISTRATIONS_PER_DAY: count(0, 1_000_000).default(20),
  QUOTA_STORED_BYTES: count(0).default(10_737_418_240),
  QUOTA_SEATS: count(0).default(0),
  QUOTA_LOG_BYTES: count(0).default(67_108_864),
  QUOTA_LOG_BYTES_UNVERIFIED: count(0).default(4_194_304),
  QUOTA_STORED_BYTES_UNVERIFIED: count(0).default(104_857_600),
  QUOTA_WAITING_JOBS_UNVERIFIED: count(0).default(500),
  QUOTA_JOB_BYTES_UNVERIFIED: count(0).default(1_048_576),
  QUOTA_SOCKETS_UNVERIFIED: count(0).default(50),
  QUOTA_REQUESTS_PER_DAY_UNVERIFIED: count(0).default(10_000),
  QUOTA_WAITING_JOBS: count(0).default(20_000),
  QUOTA_JOB_BYTES: count(0).default(33_554_432),
  QUOTA_REQUESTS_PER_DAY: count(0).default(0),
  QUOTA_REQUESTS_PER_MONTH: count(0).default(0),
  QUOTA_EMAILS_PER_DAY: count(0).default(2_000),
  QUOTA_EMAILS_PER_DAY_UNVERIFIED: count(0).default(20),
  QUOTA_EMAILS_PER_RECIPIENT: count(0).default(50),

  AUDIT_RETENTION_DAYS: count(0, 36_500)
    .refine(
      (days) => days === 0 || days >= 90,
      'must be at least 90 days, or 0 to retain all entries',
    )
    .default(0),
  ERASURE_GRACE: duration.default(604_800),
  OPERATOR_ORGANIZATION_ID: organizationId.optional(),

  SECRETS_DIRECTORY: z.string().optional(),
  VAULT_ADDR: httpUrl.optional(),
  VAULT_NAMESPACE: z.string().optional(),
  VAULT_TOKEN: z.string().optional(),
  VAULT_ROLE_ID: z.string().optional(),
  VAULT_SECRET_ID: z.string().optional(),
  SECRETS_TTL: duration.default(300),
  SECRETS_PROVIDERS: list.default([]),

  LOG_LEVEL: z.enum(['trace', 'debug', 'info', 'warn', 'error', 'fatal', 'silent']).default('info'),
  LOG_WEBHOOK_URL: httpUrl.optional(),
  LOG_WEBHOOK_LEVEL: z.enum(['info', 'warn', 'error', 'fatal']).default('error'),
  LOG_FORMAT: z.enum(['json', 'pretty']).optional(),
  LOG_FILE_DIRECTORY: z.string().optional(),
  LOG_FILE_LEVEL: logLevel.default('info'),
  LOG_FILE_MAX_BYTES: count(65_536).default(10_485_760),
  LOG_FILE_KEEP: count(0, 100).default(5),
  LOG_TRANSPORTS: list.default([]),
  SENTRY_DSN: sentryDsn.optional(),
  SENTRY_RELEASE: z
    .string()
    .regex(/^[\w.@+-]{1,200}$/, 'must be a name such as insightdesk@1.2.3')
    .optional(),

  BACKUP_STATUS_FILE: z.string().optional(),

  OTEL_EXPORTER_OTLP_ENDPOINT: httpUrl.optional(),
  OTEL_EXPORTER_OTLP_HEADERS: otlpHeaders.default({}),
  TRACE_SAMPLE_RATIO: z.coerce.number().min(0).max(1).default(0.1),
  TRACE_MAX_PER_SECOND: count(1, 10_000).default(20),

  FEATURE_2FA_ENABLED: flag.default(true),
  FEATURE_OAUTH_ENABLED: flag.default(true),
});

export type Environment = z.output<typeof environmentSchema>;
export const knownKeys = Object.keys(environmentSchema.shape);
