import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import type { Acknowledgement } from './channel-subscription.ts';
import { isTransient } from './errors.ts';
import { backoffMs, sleep } from './sleep.ts';
import { createSignedOutError, type TokenStore, type Tokens } from './tokens.ts';

export interface ConnectionOptions {
  url: string;
  tokenStore: TokenStore;
  socketOptions?: Partial<ManagerOptions & SocketOptions> | undefined;
  isWanted: () => boolean;
  onConnect: () => void;
  onDisconnect: () => void;
  /** The session has ended: the connection will not come back. */
  onEnd: (error: Error) => void;
}

interface Connection {
  readonly socket: Socket;
  /** Connects, unless the socket is connected or connecting. */
  open(): void;
  /** The session has other tokens, or none. */
  onTokensChange(tokens: Tokens | undefined): void;
  close(): void;
}

export const ACKNOWLEDGEMENT_TIMEOUT_MS = 10_000;
const REFRESH_BEFORE_EXPIRY_MS = 60_000;
const MAX_TIMER_MS = 2 ** 31 - 1;
/** A connection that lasted this long resets the backoff. */
const STABLE_MS = 30_000;

/** Creates one socket that always reconnects, and whose token is refreshed while it is open. */
export function createConnection(options: ConnectionOptions): Connection {
  const { tokenStore, isWanted, onConnect, onDisconnect, onEnd } = options;
  const stop = new AbortController();
  const socket = createSocket(options, provideToken);
  const refreshTimer = createRefreshTimer(socket, tokenStore);
  let token: string | undefined;
  let connectedAtMs = 0;
  let failures = 0;

  async function provideToken(setAuth: (auth: object) => void): Promise<void> {
    const { expiresAt = Number.POSITIVE_INFINITY, accessToken } = tokenStore.current ?? {};
    if (expiresAt < Date.now()) await tokenStore.refresh(accessToken).catch(() => undefined);
    token = tokenStore.current?.accessToken;
    setAuth({ token: token ?? '' });
  }

  socket.on('connect', () => {
    connectedAtMs = Date.now();
    refreshTimer.schedule();
    onConnect();
  });
  socket.on('disconnect', (reason) => {
    refreshTimer.cancel();
    onDisconnect();
    if (Date.now() - connectedAtMs > STABLE_MS) failures = 0;
    // After any other reason the manager reconnects by itself.
    if (reason === 'io server disconnect') void reconnect(true);
  });
  socket.on('connect_error', (error: Error & { data?: { status?: number } }) => {
    if (!socket.active) void reconnect(error.data?.status === 401);
  });

  /** The server closed or refused because of the token, so a new one is requested first. */
  async function reconnect(needsToken: boolean): Promise<void> {
    try {
      await sleep(backoffMs(++failures), stop.signal);
      if (needsToken) await tokenStore.refresh(token);
    } catch (error) {
      if (isTransient(error)) return reconnect(needsToken);
      return onEnd(error as Error);
    }
    open();
  }

  function open(): void {
    if (isWanted() && !socket.active) socket.connect();
  }

  function authenticate({ accessToken }: Tokens): void {
    if (!socket.connected || accessToken === token) return;
    token = accessToken;
    const onAnswer = (error: Error | null, answer?: Acknowledgement) => {
      if (!error && answer?.ok) return refreshTimer.schedule();
      // Another user has signed in, or the answer was lost: a new connection resolves both.
      if (socket.connected) socket.disconnect().connect();
    };
    socket.timeout(ACKNOWLEDGEMENT_TIMEOUT_MS).emit('authenticate', { token }, onAnswer);
  }

  return {
    socket,
    open,
    onTokensChange: (tokens: Tokens | undefined) =>
      tokens ? authenticate(tokens) : onEnd(createSignedOutError()),
    close() {
      stop.abort();
      socket.disconnect();
    },
  };
}

function createSocket(
  { url, socketOptions }: ConnectionOptions,
  provideToken: (setAuth: (auth: object) => void) => Promise<void>,
): Socket {
  return io(url, {
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 300,
    reconnectionDelayMax: 5_000,
    ...socketOptions,
    autoConnect: false,
    forceNew: true,
    auth: (setAuth) => void provideToken(setAuth),
  });
}

/** Refreshes the tokens before they expire, while the socket is open. */
function createRefreshTimer(socket: Socket, tokenStore: TokenStore) {
  let timer: ReturnType<typeof setTimeout> | undefined;

  function schedule(): void {
    clearTimeout(timer);
    const { expiresAt, refreshToken } = tokenStore.current ?? {};
    if (expiresAt === undefined || refreshToken === undefined) return;
    const remainingMs = Math.max(0, expiresAt - Date.now());
    const aheadMs = Math.min(REFRESH_BEFORE_EXPIRY_MS, remainingMs / 5);
    timer = setTimeout(refresh, Math.min(remainingMs - aheadMs, MAX_TIMER_MS), 1);
  }

  function refresh(tries: number): void {
    if (!socket.connected) return;
    tokenStore.refresh().catch((error) => {
      clearTimeout(timer);
      if (isTransient(error)) timer = setTimeout(refresh, backoffMs(tries), tries + 1);
    });
  }

  return { schedule, cancel: () => clearTimeout(timer) };
}
