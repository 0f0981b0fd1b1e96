import type { Config } from '@insightdesk/shared/config';
import type { Finding } from './diagnostic.ts';

const ENOUGH_BITS = 100;
const ENOUGH_CHARACTERS = 12;
const HOW = 'openssl rand -hex 32 makes one; bun run desk keys tells how to change it';
const loopback = /^(localhost|127\.[\d.]+|\[::1\])$/;

/** How hard what is kept secret is to guess; never what it is. */
export function checkSecrets({ auth, environment, database, valkey }: Config): Finding[] {
  const isDeployed = environment === 'production' || environment === 'staging';
  const secrets = {
    JWT_SECRET: auth.jwtSecret,
    JWT_REFRESH_SECRET: auth.refreshSecret,
    ENCRYPTION_KEY: auth.encryptionKey,
  };
  const all = Object.values(secrets);
  const judged = Object.entries(secrets).map(([name, secret]) => {
    const isTwice = all.filter((other) => other === secret).length > 1;
    return toFinding(name, isTwice ? 'is used twice' : weakness(secret), HOW);
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
    return weak ? [toFinding(name, weak, 'give it a longer one: openssl rand -hex 32')] : [];
  });
  return [...judged, ...passwords];

  function toFinding(name: string, weak: string | undefined, fix: string): Finding {
    if (!weak) return { name, found: 'strong' };
    return { name, found: weak, fix, ...(!isDeployed && { isWarning: true }) };
  }
}

function weakness(secret: string): string | undefined {
  if (secret.startsWith('development-only')) return 'is the one of every development machine';
  const bits = guessableBits(secret);
  return bits < ENOUGH_BITS ? `is worth ${Math.floor(bits)} bits at most` : undefined;
}

function weakPassword({ password, hostname }: URL): string | undefined {
  if (!password) return loopback.test(hostname) ? undefined : 'has no password';
  const isShort = password.length < ENOUGH_CHARACTERS;
  return isShort ? `its password is shorter than ${ENOUGH_CHARACTERS} characters` : undefined;
}

/** Its length times the entropy of its characters: no more than that, and often less. */
function guessableBits(secret: string): number {
  const counts = Map.groupBy(secret, (character) => character).values();
  const shares = [...counts].map(({ length }) => length / secret.length);
  return secret.length * -shares.reduce((sum, share) => sum + share * Math.log2(share), 0);
}
