import type { Config } from '@insightdesk/shared/config';
import { type Diagnostic, diagnose } from './diagnostic.ts';

const MIN_BITS = 100;
const MIN_CHARACTERS = 12;
const FIX =
  'create one with openssl rand -hex 32; docs/operations/secrets.md describes the rotation';
const loopback = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** The strength of every secret; never its value. */
export function checkSecrets({ auth, environment, database, valkey }: Config): Diagnostic[] {
  const isDeployed = environment === 'production' || environment === 'staging';
  const secrets = {
    JWT_SECRET: auth.jwtSecret ?? '',
    JWT_REFRESH_SECRET: auth.refreshSecret ?? '',
    ENCRYPTION_KEY: auth.encryptionKey ?? '',
  };
  const all = Object.values(secrets);
  const strengths = Object.entries(secrets).map(([name, secret]) => {
    const isReused = all.filter((other) => other === secret).length > 1;
    return toDiagnostic(name, isReused ? 'is used for two secrets' : weakness(secret), FIX);
  });
  const urls = {
    DATABASE_URL: database.url,
    DATABASE_RELAY_URL: database.relayUrl,
    DATABASE_IDENTITY_URL: database.identityUrl,
    DATABASE_MIGRATION_URL: database.migrationUrl,
    VALKEY_URL: valkey.url,
  };
  const passwords = Object.entries(urls).flatMap(([name, url]) => {
    const weak = url && weakPassword(new URL(url));
    return weak ? [toDiagnostic(name, weak, 'use a longer password: openssl rand -hex 32')] : [];
  });
  return [...strengths, ...passwords];

  function toDiagnostic(name: string, weak: string | undefined, fix: string): Diagnostic {
    return diagnose(name, weak ?? 'strong', weak && fix, !isDeployed);
  }
}

function weakness(secret: string): string | undefined {
  if (secret.startsWith('development-only')) return 'is the development default';
  const bits = entropyBits(secret);
  return bits < MIN_BITS ? `has at most ${Math.floor(bits)} bits of entropy` : undefined;
}

function weakPassword({ password, hostname }: URL): string | undefined {
  if (!password) return loopback.test(hostname) ? undefined : 'has no password';
  const isShort = password.length < MIN_CHARACTERS;
  return isShort ? `password is shorter than ${MIN_CHARACTERS} characters` : undefined;
}

/** Upper bound of the entropy: length times the entropy per character. */
function entropyBits(secret: string): number {
  const counts = Map.groupBy(secret, (character) => character).values();
  const shares = [...counts].map(({ length }) => length / secret.length);
  return secret.length * -shares.reduce((sum, share) => sum + share * Math.log2(share), 0);
}
