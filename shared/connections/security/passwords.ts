import { availableParallelism } from 'node:os';
import { UnavailableError } from '@insightdesk/shared/errors';

/** Hashes and verifies passwords off the event loop; throws 503 when too many calls wait. */
export interface Passwords {
  hash(plain: string): Promise<string>;
  /** Also takes the same time without a hash, and returns false. */
  verify(plain: string, hash: string | undefined): Promise<boolean>;
  /** Whether a hash is weaker than that of `hash`: bcrypt, or argon2 with a lower cost. */
  isOutdated(hash: string): boolean;
}

export interface PasswordOptions {
  /** Kibibytes and passes of argon2id; default: the recommendation of OWASP. */
  memoryCost?: number;
  timeCost?: number;
  /** Concurrent hashes: each uses a CPU core and `memoryCost`. */
  concurrency?: number;
  /** Maximum number of waiting calls. */
  maxWaiting?: number;
}

const RETRY_AFTER_SECONDS = 2;
const BCRYPT_BYTES = 72;
/** Hashes of other systems: `$2a$`, `$2b$` or `$2y$`, and every kind of argon2. */
const BCRYPT = /^\$2[aby]\$\d\d\$[./A-Za-z0-9]{53}$/;
const ARGON2 = /^\$(argon2(?:id|i|d))\$v=\d+\$m=(\d+),t=(\d+),p=\d+\$/;

/** Builds the password hasher: argon2id, 19 MiB and two passes; also verifies bcrypt. */
export function createPasswords(options: PasswordOptions = {}): Passwords {
  const { memoryCost = 19_456, timeCost = 2, maxWaiting = 100 } = options;
  const { concurrency = Math.max(2, availableParallelism()) } = options;
  const algorithm = { algorithm: 'argon2id', memoryCost, timeCost } as const;
  const limited = createLimiter(concurrency, maxWaiting);
  const decoy = Bun.password.hash('decoy of unknown users', algorithm);

  return {
    hash: (plain) => limited(() => Bun.password.hash(plain, algorithm)),
    async verify(plain, hash) {
      const isKnownFormat = hash !== undefined && (BCRYPT.test(hash) || ARGON2.test(hash));
      const isBcrypt = isKnownFormat && BCRYPT.test(hash);
      const comparedHash = isKnownFormat ? hash.replace(/^\$2[ay]\$/, '$2b$') : await decoy;
      // Other systems cut passwords at 72 bytes for bcrypt, Bun hashes longer ones first.
      const input = isBcrypt ? Buffer.from(plain).subarray(0, BCRYPT_BYTES) : plain;
      const matches = await limited(() => Bun.password.verify(input, comparedHash));
      return matches && isKnownFormat;
    },
    isOutdated(hash) {
      const [, kind, memory, passes] = ARGON2.exec(hash) ?? [];
      return kind !== 'argon2id' || Number(memory) < memoryCost || Number(passes) < timeCost;
    },
  };
}

/** Runs at most `maxRunning` calls at a time, with at most `maxWaiting` waiting. */
function createLimiter(maxRunning: number, maxWaiting: number) {
  const waiting: (() => void)[] = [];
  let running = 0;
  return async <T>(work: () => Promise<T>): Promise<T> => {
    if (running < maxRunning) running++;
    else if (waiting.length < maxWaiting)
      await new Promise<void>((resolve) => waiting.push(resolve));
    else {
      throw new UnavailableError('Too many concurrent logins, try again shortly', {
        retryAfterSeconds: RETRY_AFTER_SECONDS,
      });
    }
    try {
      return await work();
    } finally {
      const next = waiting.shift();
      if (next) next();
      else running--;
    }
  };
}
