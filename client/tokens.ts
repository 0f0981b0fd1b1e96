import { ProblemError } from './errors.ts';

/** What a session lives on; keep it where the next start of the app finds it. */
export interface Tokens {
  accessToken: string;
  /** Without one, the session ends with its access token. */
  refreshToken?: string | undefined;
  /** Milliseconds since 1970 by this machine's clock; without it a refresh waits for a refusal. */
  expiresAt?: number | undefined;
}

/** A pair as the API gives it. */
export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

export interface TokenKeeper {
  readonly current: Tokens | undefined;
  /** Takes over a new session, or none. */
  set(tokens: Tokens | undefined): void;
  /** Swaps the tokens, unless `stale` is not the access token in use any more. Calls at the same time share one request. */
  refresh(stale?: string): Promise<Tokens>;
}

interface KeeperOptions {
  tokens?: Tokens | undefined;
  onTokens?: ((tokens: Tokens | undefined) => void) | undefined;
  /** Asks the API for the next pair. */
  swap: (refreshToken: string) => Promise<TokenPair>;
  /** For whoever holds a socket open; after `onTokens`. */
  onChange?: (tokens: Tokens | undefined) => void;
}

/** The pair with the time when it ends, by this machine's clock. */
export function toTokens({ accessToken, refreshToken, expiresIn }: TokenPair): Tokens {
  return { accessToken, refreshToken, expiresAt: Date.now() + expiresIn * 1_000 };
}

/** Keeps the tokens of one session; a refused refresh ends it. */
export function createTokenKeeper(options: KeeperOptions): TokenKeeper {
  let current = options.tokens;
  let refreshing: Promise<Tokens> | undefined;

  function set(tokens: Tokens | undefined): void {
    current = tokens;
    options.onTokens?.(tokens);
    options.onChange?.(tokens);
  }

  async function swap(old: Tokens | undefined): Promise<Tokens> {
    if (!old?.refreshToken) throw signedOut();
    try {
      const next = toTokens(await options.swap(old.refreshToken));
      // Who signed in or out meanwhile keeps that session.
      if (current === old) set(next);
      return next;
    } catch (error) {
      const isRefused = error instanceof ProblemError && error.status === 401;
      if (isRefused && current === old) set(undefined);
      throw error;
    }
  }

  return {
    get current() {
      return current;
    },
    set,
    async refresh(stale) {
      if (current && stale !== undefined && current.accessToken !== stale) return current;
      refreshing ??= swap(current).finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
  };
}

/** Nobody is signed in, or not any more. */
export const signedOut = () =>
  new ProblemError({
    type: 'about:blank',
    title: 'Unauthorized',
    status: 401,
    code: 'SIGNED_OUT',
    detail: 'Nobody is signed in',
    requestId: '',
  });
