import { DEVELOPMENT_SECRET, type Environment } from './environment.ts';
import { isDeployed } from './read-cascade.ts';

/** Rules across variables; `env` lacks the variables that are invalid by themselves. */
export function checkPolicy(env: Partial<Environment>): string[] {
  return [
    ...invalidRanges(env),
    ...incompleteAccounts(env),
    ...missingForStorage(env),
    ...(isDeployed(env.NODE_ENV) ? forbiddenWhenDeployed(env) : []),
  ];
}

function invalidRanges(env: Partial<Environment>): string[] {
  const { DATABASE_POOL_MIN: min, DATABASE_POOL_MAX: max } = env;
  const { JWT_EXPIRES_IN: access, JWT_REFRESH_EXPIRES_IN: refresh } = env;
  return [
    ...(min && max && min > max ? ['DATABASE_POOL_MIN: exceeds DATABASE_POOL_MAX'] : []),
    ...(access && refresh && access > refresh
      ? ['JWT_EXPIRES_IN: exceeds JWT_REFRESH_EXPIRES_IN']
      : []),
  ];
}

const accounts = [
  ['SMTP_USER', 'SMTP_PASSWORD'],
  ['VAULT_ROLE_ID', 'VAULT_SECRET_ID'],
  ['CLOUDINARY_CLOUD_NAME', 'CLOUDINARY_API_KEY', 'CLOUDINARY_API_SECRET'],
  ['AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  ['AZURE_STORAGE_ACCOUNT', 'AZURE_STORAGE_ACCESS_KEY'],
] as const;

const storageVariables: Record<string, readonly (keyof Environment)[]> = {
  s3: ['AWS_S3_BUCKET', 'AWS_ACCESS_KEY_ID', 'AWS_SECRET_ACCESS_KEY'],
  azure: ['AZURE_STORAGE_CONTAINER', 'AZURE_STORAGE_ACCOUNT', 'AZURE_STORAGE_ACCESS_KEY'],
  cloudinary: ['CLOUDINARY_CLOUD_NAME', 'CLOUDINARY_API_KEY', 'CLOUDINARY_API_SECRET'],
  custom: ['STORAGE_MODULE'],
};

function missingForStorage(env: Partial<Environment>): string[] {
  const { STORAGE_PROVIDER: provider = 'local', AWS_S3_ENDPOINT: endpoint } = env;
  const required = [...(storageVariables[provider] ?? [])];
  if (provider === 's3' && !endpoint) required.push('AWS_REGION');
  const missing = required.filter((name) => !env[name]);
  return missing.map((name) => `${name}: is required by STORAGE_PROVIDER=${provider}`);
}

function incompleteAccounts(env: Partial<Environment>): string[] {
  return accounts.flatMap((names) => {
    if (!names.some((name) => env[name])) return [];
    const missing = names.filter((name) => !env[name]);
    return missing.map(
      (name) =>
        `${name}: is required together with ${names.filter((other) => other !== name).join(', ')}`,
    );
  });
}

function forbiddenWhenDeployed(env: Partial<Environment>): string[] {
  const errors = weakSecrets(env);
  if (env.RATE_LIMIT_MAX_REQUESTS === 0) {
    errors.push('RATE_LIMIT_MAX_REQUESTS: 0 (off) is allowed in development and test only');
  }
  if (env.EMAIL_VERIFICATION === 'optional') {
    errors.push('EMAIL_VERIFICATION: optional is allowed in development and test only');
  }
  if (env.STORAGE_PROVIDER === 'memory') {
    errors.push('STORAGE_PROVIDER: memory is allowed in development and test only');
  }
  if (env.WEBHOOK_ALLOW_PRIVATE) {
    errors.push('WEBHOOK_ALLOW_PRIVATE: is allowed in development and test only');
  }
  for (const name of ['APP_URL', 'API_URL', 'FILES_URL'] as const) {
    if (env[name]?.startsWith('http:')) errors.push(`${name}: must start with https://`);
  }
  for (const name of databaseUrls) {
    const url = env[name];
    if (url && new URL(url).password === EXAMPLE_PASSWORD) {
      errors.push(`${name}: has the password of .env.example`);
    }
  }
  return errors;
}

const databaseUrls = [
  'DATABASE_URL',
  'DATABASE_DIRECT_URL',
  'DATABASE_MIGRATION_URL',
  'DATABASE_RELAY_URL',
  'DATABASE_IDENTITY_URL',
] as const;
const EXAMPLE_PASSWORD = 'password';

function weakSecrets(env: Partial<Environment>): string[] {
  const { JWT_SECRET, JWT_REFRESH_SECRET, ENCRYPTION_KEY } = env;
  const errors: string[] = [];
  for (const [name, value] of Object.entries({
    JWT_SECRET,
    JWT_REFRESH_SECRET,
    ENCRYPTION_KEY,
  })) {
    if (value?.startsWith(DEVELOPMENT_SECRET)) errors.push(`${name}: set a secret of your own`);
    else if (value && new Set(value).size < 10) errors.push(`${name}: is too repetitive`);
  }
  if (JWT_SECRET && JWT_SECRET === JWT_REFRESH_SECRET) {
    errors.push('JWT_REFRESH_SECRET: repeats JWT_SECRET');
  }
  if (ENCRYPTION_KEY && [JWT_SECRET, JWT_REFRESH_SECRET].includes(ENCRYPTION_KEY)) {
    errors.push('ENCRYPTION_KEY: repeats another secret');
  }
  return errors;
}
