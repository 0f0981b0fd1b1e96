import { createHash, hkdfSync } from 'node:crypto';

/** A signing key with its secret for each kind of token. */
export interface SigningKey {
  id: string;
  /** Access tokens. */
  access: Uint8Array;
  /** Tokens of `createTokenCodec`. */
  tokenSecret: string;
}

/** A stored key; times are by the clock of the database. */
export interface StoredKey {
  id: string;
  /** Undefined for the configured key, which is listed for its end only. */
  master: string | undefined;
  isSigning: boolean;
  hasEnded: boolean;
}

/** The current keys: one signs, older ones verify until their tokens have expired. */
export interface KeyRing {
  readonly configured: SigningKey;
  current(): SigningKey;
  /** A key that has not ended. */
  find(id: string): SigningKey | undefined;
  /** Like `find`, but refreshes for an unknown id: another process may have added the key. */
  findOrRefresh(id: string): Promise<SigningKey | undefined>;
  /** Loads the stored keys; concurrent calls share one load. */
  refresh(): Promise<void>;
}

export interface KeyRingOptions {
  jwtSecret: string;
  refreshSecret: string;
  /** Loads the stored keys, signing keys in the order of their start. */
  load?: () => Promise<StoredKey[]>;
}

/** Forged ids must not cause a load each. */
const MIN_REFRESH_INTERVAL_MS = 250;

/** Builds the ring; the configured key signs until a stored one does. */
export function createKeyRing({ jwtSecret, refreshSecret, load }: KeyRingOptions): KeyRing {
  const configured: SigningKey = {
    id: createHash('sha256').update(`key id ${jwtSecret}`).digest('hex').slice(0, 12),
    access: new TextEncoder().encode(jwtSecret),
    tokenSecret: refreshSecret,
  };
  let valid = new Map([[configured.id, configured]]);
  let current = configured;
  let refreshing: Promise<void> | undefined;
  let delayedRefresh: Promise<void> | undefined;
  let loadedAt = Number.NEGATIVE_INFINITY;

  async function reload(): Promise<void> {
    loadedAt = performance.now();
    const stored = (await load?.()) ?? [];
    const ended = new Set(stored.filter(({ hasEnded }) => hasEnded).map(({ id }) => id));
    const keys = [configured, ...stored.flatMap((key) => valid.get(key.id) ?? toKey(key) ?? [])];
    valid = new Map(keys.filter(({ id }) => !ended.has(id)).map((key) => [key.id, key]));
    const signing = stored.findLast(({ id, isSigning }) => isSigning && valid.has(id));
    current = (signing && valid.get(signing.id)) ?? configured;
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
    current: () => current,
    find: (id) => valid.get(id),
    async findOrRefresh(id) {
      if (!valid.has(id) && load) await refreshSoon();
      return valid.get(id);
    },
    refresh,
  };
}

function toKey({ id, master }: StoredKey): SigningKey | undefined {
  if (master === undefined) return undefined;
  const derive = (info: string) => Buffer.from(hkdfSync('sha256', master, '', info, 32));
  return { id, access: derive('access'), tokenSecret: derive('seal').toString('base64') };
}
