/** Hashes and checks passwords, off the event loop. */
export interface Passwords {
  hash(plain: string): Promise<string>;
  /** False for an unknown person too, after the same time. */
  verify(plain: string, hash: string | undefined): Promise<boolean>;
}

/** OWASP's recommendation for argon2id: 19 MiB, two passes. */
const options = { algorithm: 'argon2id', memoryCost: 19_456, timeCost: 2 } as const;

/** Builds the password hasher (argon2id). */
export function createPasswords(): Passwords {
  const decoy = Bun.password.hash('nobody has this password', options);
  return {
    hash: (plain) => Bun.password.hash(plain, options),
    async verify(plain, hash) {
      const matches = await Bun.password.verify(plain, hash ?? (await decoy));
      return matches && hash !== undefined;
    },
  };
}
