import { createHash, hkdfSync } from 'node:crypto';

/** What tokens are signed with, by kind. */
export interface SigningKey {
  id: string;
  /** Access tokens. */
  access: Uint8Array;
  /** Sealed tokens. */
  seal: string;
}

/** A key as it is stored; times by the database's clock. */
export interface StoredKey {
  id: string;
  /** Undefined for the one of the configuration, which is listed to say when it ends. */
  master: string | undefined;
  isSigning: boolean;
  hasEnded: boolean;
}

/** The keys of now: one signs, those before it verify until what they signed has expired. */
export interface KeyRing {
  readonly first: SigningKey;
  current(): SigningKey;
  /** A key that is still good. */
  find(id: string): SigningKey | undefined;
  /** The same, asked for when it is not known yet: another process may have added it just now. */
  seek(id: string): Promise<SigningKey | undefined>;
  /** Learns the keys that are stored; calls at once share a question. */
  refresh(): Promise<void>;
}

export interface KeyRingOptions {
  jwtSecret: string;
  refreshSecret: string;
  /** The stored keys, those that sign in the order in which they began. */
  load?: () => Promise<StoredKey[]>;
}

/** Forged ids must not become questions each. */
const SEEK_EVERY_MS = 250;

/** Builds the ring; its first key is the configuration's, and signs until another one does. */
export function createKeyRing({ jwtSecret, refreshSecret, load }: KeyRingOptions): KeyRing {
  const first: SigningKey = {
    id: createHash('sha256').update(`key id ${jwtSecret}`).digest('hex').slice(0, 12),
    access: new TextEncoder().encode(jwtSecret),
    seal: refreshSecret,
  };
  let good = new Map([[first.id, first]]);
  let current = first;
  let asking: Promise<void> | undefined;
  let seeking: Promise<void> | undefined;
  let askedAt = Number.NEGATIVE_INFINITY;

  async function ask(): Promise<void> {
    askedAt = performance.now();
    const stored = (await load?.()) ?? [];
    const ended = new Set(stored.filter((one) => one.hasEnded).map(({ id }) => id));
    const keys = [first, ...stored.flatMap((one) => good.get(one.id) ?? toKey(one) ?? [])];
    good = new Map(keys.filter(({ id }) => !ended.has(id)).map((key) => [key.id, key]));
    const signing = stored.findLast((one) => one.isSigning && good.has(one.id));
    current = (signing && good.get(signing.id)) ?? first;
  }

  function refresh(): Promise<void> {
    asking ??= ask().finally(() => {
      asking = undefined;
    });
    return asking;
  }

  async function pauseAndAsk(): Promise<void> {
    // One that began before may have missed it.
    await asking?.catch(() => {});
    await Bun.sleep(Math.max(0, askedAt + SEEK_EVERY_MS - performance.now()));
    await refresh();
  }

  function askSoon(): Promise<void> {
    seeking ??= pauseAndAsk().finally(() => {
      seeking = undefined;
    });
    return seeking;
  }

  return {
    first,
    current: () => current,
    find: (id) => good.get(id),
    async seek(id) {
      if (!good.has(id) && load) await askSoon();
      return good.get(id);
    },
    refresh,
  };
}

function toKey({ id, master }: StoredKey): SigningKey | undefined {
  if (master === undefined) return undefined;
  const derive = (what: string) => Buffer.from(hkdfSync('sha256', master, '', what, 32));
  return { id, access: derive('access'), seal: derive('seal').toString('base64') };
}
