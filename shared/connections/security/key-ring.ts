import { createHash, hkdfSync, type KeyObject } from 'node:crypto';
import { ConfigurationError } from '@insightdesk/shared/errors';
import { type AccessKeyPair, deriveAccessKey, toPublicKey } from './access-keys.ts';

/** A signing key; a process has only the parts that its secrets permit. */
export interface SigningKey {
  id: string;
  /** Verifies access tokens. */
  publicKey?: KeyObject | undefined;
  /** Signs access tokens. */
  privateKey?: KeyObject | undefined;
  /** The secret of `createTokenCodec`. */
  tokenSecret?: string | undefined;
}

/** A stored key; times are by the clock of the database. */
export interface StoredKey {
  id: string;
  /** Undefined for a configured key, and where ENCRYPTION_KEY is missing. */
  master: string | undefined;
  isSigning: boolean;
  hasEnded: boolean;
}

/** The current keys: one signs, older ones verify until their tokens have expired. */
export interface KeyRing {
  /** The key of JWT_REFRESH_SECRET. */
  readonly configured: SigningKey;
  /** The key of JWT_SECRET; undefined in services that sign no access tokens. */
  readonly configuredAccess: AccessKeyPair | undefined;
  /** The key of new tokens of `createTokenCodec`. */
  current(): SigningKey;
  /** The key of new access tokens; throws ConfigurationError without JWT_SECRET. */
  currentAccess(): { id: string; privateKey: KeyObject };
  /** The ids of all keys that verify access tokens, which are the public keys themselves. */
  listPublicKeys(): string[];
  /** Whether the key with this id was stored at the last load. */
  isStored(id: string): boolean;
  /** The id of the access key that a new stored key has. */
  accessKeyId(master: string): string;
  /** The secrets of `createTokenCodec` that have not ended, the current one first. */
  tokenSecrets(): string[];
  /** A key that has not ended. */
  find(id: string): SigningKey | undefined;
  /** Like `find`, but refreshes for an unknown id: another process may have added the key. */
  findOrRefresh(id: string): Promise<SigningKey | undefined>;
  /** Loads the stored keys; concurrent calls share one load. */
  refresh(): Promise<void>;
}

export interface KeyRingOptions {
  /** Without it the process verifies access tokens by stored public keys, and signs none. */
  jwtSecret?: string | undefined;
  /** Without it the process neither creates nor reads tokens of `createTokenCodec`. */
  refreshSecret?: string | undefined;
  /** Loads the stored keys, signing keys in the order of their start. */
  load?: () => Promise<StoredKey[]>;
}

/** Forged ids must not cause a load each. */
const MIN_REFRESH_INTERVAL_MS = 250;

/** Builds the ring; the configured keys sign until a stored one does. */
export function createKeyRing({ jwtSecret, refreshSecret, load }: KeyRingOptions): KeyRing {
  const configured: SigningKey = {
    id: createHash('sha256').update(`key id ${refreshSecret}`).digest('hex').slice(0, 12),
    tokenSecret: refreshSecret,
  };
  const configuredAccess = jwtSecret === undefined ? undefined : deriveAccessKey(jwtSecret);
  const own: SigningKey[] = [configured, ...(configuredAccess ? [configuredAccess] : [])];
  let valid = new Map(own.map((key) => [key.id, key]));
  let stored: StoredKey[] = [];
  let refreshing: Promise<void> | undefined;
  let delayedRefresh: Promise<void> | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;

  async function reload(): Promise<void> {
    loadedAt = performance.now();
    stored = (await load?.()) ?? [];
    const ended = new Set(stored.filter(({ hasEnded }) => hasEnded).map(({ id }) => id));
    const ownIds = new Set(own.map(({ id }) => id));
    const loaded = stored.filter(({ id }) => !ownIds.has(id));
    const keys = [...own, ...loaded.map((key) => valid.get(key.id) ?? toKey(key, jwtSecret))];
    valid = new Map(keys.filter(({ id }) => !ended.has(id)).map((key) => [key.id, key]));
  }

  /** The newest stored key that signs and has the part. */
  function newest<P extends 'tokenSecret' | 'privateKey'>(part: P) {
    const found = stored.findLast(({ id, isSigning }) => isSigning && valid.get(id)?.[part]);
    return found && valid.get(found.id);
  }

  function refresh(): Promise<void> {
    refreshing ??= reload().finally(() => {
      refreshing = undefined;
    });
    return refreshing;
  }

  async function waitAndRefresh(): Promise<void> {
    // A refresh that is running may have missed the key.
    await refreshing?.catch(() => {});
    await Bun.sleep(Math.max(0, loadedAt + MIN_REFRESH_INTERVAL_MS - performance.now()));
    await refresh();
  }

  function refreshSoon(): Promise<void> {
    delayedRefresh ??= waitAndRefresh().finally(() => {
      delayedRefresh = undefined;
    });
    return delayedRefresh;
  }

  return {
    configured,
    configuredAccess,
    current: () => newest('tokenSecret') ?? configured,
    currentAccess() {
      const key = newest('privateKey') ?? configuredAccess;
      if (!key?.privateKey) throw missingJwtSecret();
      return { id: key.id, privateKey: key.privateKey };
    },
    listPublicKeys: () => [...valid.values()].flatMap((key) => (key.publicKey ? [key.id] : [])),
    isStored: (id) => stored.some((key) => key.id === id),
    accessKeyId(master) {
      if (jwtSecret === undefined) throw missingJwtSecret();
      return deriveAccessKey(jwtSecret, master).id;
    },
    tokenSecrets() {
      const current = requireTokenSecret(newest('tokenSecret') ?? configured);
      const secrets = [...valid.values()].flatMap(({ tokenSecret }) => tokenSecret ?? []);
      return [...new Set([current, ...secrets])];
    },
    find: (id) => valid.get(id),
    async findOrRefresh(id) {
      if (!valid.has(id) && load) await refreshSoon();
      return valid.get(id);
    },
    refresh,
  };
}

const missingJwtSecret = () =>
  new ConfigurationError('JWT_SECRET is not set: this service signs no access tokens');

/** Throws ConfigurationError where JWT_REFRESH_SECRET, or ENCRYPTION_KEY of a stored key, is missing. */
export function requireTokenSecret({ tokenSecret }: SigningKey): string {
  if (tokenSecret !== undefined) return tokenSecret;
  throw new ConfigurationError(
    'JWT_REFRESH_SECRET is not set: this service reads no signed tokens',
  );
}

/** An access key signs only while JWT_SECRET is the one that it was created with. */
function toKey({ id, master }: StoredKey, jwtSecret: string | undefined): SigningKey {
  const publicKey = toPublicKey(id);
  if (master === undefined) return { id, publicKey };
  const tokenSecret = Buffer.from(hkdfSync('sha256', master, '', 'seal', 32)).toString('base64');
  const pair = jwtSecret === undefined ? undefined : deriveAccessKey(jwtSecret, master);
  return { id, publicKey, tokenSecret, ...(pair?.id === id && { privateKey: pair.privateKey }) };
}
