import { availableParallelism } from 'node:os';
import { UnavailableError } from '@insightdesk/shared/errors';

/** Hashes and checks passwords, off the event loop; throws 503 when too many wait already. */
export interface Passwords {
  hash(plain: string): Promise<string>;
  /** False for an unknown person too, after the same time. */
  verify(plain: string, hash: string | undefined): Promise<boolean>;
  /** Whether a hash is older than what `hash` makes: bcrypt, or argon2 that costs less. */
  isOutdated(hash: string): boolean;
}

export interface PasswordOptions {
  /** Kibibytes and passes of argon2id; OWASP's recommendation unless said. */
  memoryCost?: number;
  timeCost?: number;
  /** Hashes at once: each takes a processor and `memoryCost`. */
  concurrency?: number;
  /** How many wait at most. */
  maxWaiting?: number;
}

const RETRY_AFTER_SECONDS = 2;
const BCRYPT_BYTES = 72;
/** What others' systems made, `$2a$`, `$2b$` or `$2y$`, and every kind of argon2. */
const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
const ARGON2 = /^\$(argon2(?:id|i|d))\$v=\d+\$m=(\d+),t=(\d+),p=\d+\$/;

/** Builds the password hasher: argon2id, 19 MiB and two passes; knows bcrypt. */
export function createPasswords(options: PasswordOptions = {}): Passwords {
  const { memoryCost = 19_456, timeCost = 2, maxWaiting = 100 } = options;
  const { concurrency = Math.max(2, availableParallelism()) } = options;
  const algorithm = { algorithm: 'argon2id', memoryCost, timeCost } as const;
  const inTurn = createDoor(concurrency, maxWaiting);
  const decoy = Bun.password.hash('nobody has this password', algorithm);

  return {
    hash: (plain) => inTurn(() => Bun.password.hash(plain, algorithm)),
    async verify(plain, hash) {
      const known = hash !== undefined && (BCRYPT.test(hash) || ARGON2.test(hash));
      const isBcrypt = known && BCRYPT.test(hash);
      const other = known ? hash.replace(/^\$2[ay]\$/, '$2b$') : await decoy;
      // Bun digests what is longer, while those who made these hashes cut it off.
      const given = isBcrypt ? Buffer.from(plain).subarray(0, BCRYPT_BYTES) : plain;
      const matches = await inTurn(() => Bun.password.verify(given, other));
      return matches && known;
    },
    isOutdated(hash) {
      const [, kind, memory, passes] = ARGON2.exec(hash) ?? [];
      return kind !== 'argon2id' || Number(memory) < memoryCost || Number(passes) < timeCost;
    },
  };
}

/** At most `width` calls at a time and `maxWaiting` before the door. */
function createDoor(width: number, maxWaiting: number) {
  const waiting: (() => void)[] = [];
  let inside = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (inside < width) inside++;
    else if (waiting.length < maxWaiting)
      await new Promise<void>((resolve) => waiting.push(resolve));
    else {
      throw new UnavailableError('Too many sign-ins at once, try again shortly', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else inside--;
    }
  };
}
