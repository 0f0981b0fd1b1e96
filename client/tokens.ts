import { ProblemError } from './errors.ts';

/** The tokens of a session; store them where the next start of the app finds them. */
export interface Tokens {
  accessToken: string;
  /** Without it, the session ends with its access token. */
  refreshToken?: string | undefined;
  /** Milliseconds since 1970 by this machine's clock; without it only a 401 causes a refresh. */
  expiresAt?: number | undefined;
}

/** Tokens as the API returns them. */
export interface TokenPair {
  accessToken: string;
  refreshToken: string;
  expiresIn: number;
}

export interface TokenStore {
  readonly current: Tokens | undefined;
  /** Replaces the session; `undefined` ends it. */
  set(tokens: Tokens | undefined): void;
  /**
   * Refreshes the tokens, unless `stale` is no longer the current access token. Concurrent calls
   * share one request.
   */
  refresh(stale?: string): Promise<Tokens>;
}

interface TokenStoreOptions {
  tokens?: Tokens | undefined;
  onTokensChange?: ((tokens: Tokens | undefined) => void) | undefined;
  refreshTokens: (refreshToken: string) => Promise<TokenPair>;
  /** Called after `onTokensChange`, for an open socket. */
  onChange?: (tokens: Tokens | undefined) => void;
}

/** The tokens with their expiry by this machine's clock. */
export function toTokens({ accessToken, refreshToken, expiresIn }: TokenPair): Tokens {
  return { accessToken, refreshToken, expiresAt: Date.now() + expiresIn * 1_000 };
}

/** Creates the store of one session's tokens; a refused refresh ends the session. */
export function createTokenStore(options: TokenStoreOptions): TokenStore {
  let current = options.tokens;
  let refreshing: Promise<Tokens> | undefined;

  function set(tokens: Tokens | undefined): void {
    current = tokens;
    options.onTokensChange?.(tokens);
    options.onChange?.(tokens);
  }

  async function refreshNow(previous: Tokens | undefined): Promise<Tokens> {
    if (!previous?.refreshToken) throw createSignedOutError();
    try {
      const next = toTokens(await options.refreshTokens(previous.refreshToken));
      // A login or logout meanwhile has replaced the session.
      if (current === previous) set(next);
      return next;
    } catch (error) {
      const isRefused = error instanceof ProblemError && error.status === 401;
      if (isRefused && current === previous) set(undefined);
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
      refreshing ??= refreshNow(current).finally(() => {
        refreshing = undefined;
      });
      return refreshing;
    },
  };
}

/** No user is signed in, or no longer. */
export const createSignedOutError = () =>
  new ProblemError({
    type: 'about:blank',
    title: 'Unauthorized',
    status: 401,
    code: 'SIGNED_OUT',
    detail: 'No user is signed in',
    requestId: '',
  });
