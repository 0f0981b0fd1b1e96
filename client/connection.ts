import { io, type ManagerOptions, type Socket, type SocketOptions } from 'socket.io-client';
import { isTransient } from './errors.ts';
import type { Acknowledgement } from './follower.ts';
import { signedOut, type TokenKeeper, type Tokens } from './tokens.ts';
import { backoffMs, wait } from './wait.ts';

export interface ConnectionOptions {
  url: string;
  keeper: TokenKeeper;
  socketOptions?: Partial<ManagerOptions & SocketOptions> | undefined;
  /** Whether there is anything to be connected for. */
  isWanted: () => boolean;
  onUp: () => void;
  onDown: () => void;
  /** The session has ended: nothing will bring the connection back. */
  onEnd: (error: Error) => void;
}

export interface Connection {
  readonly socket: Socket;
  /** Connects, unless that is under way. */
  open(): void;
  /** The session has other tokens, or none. */
  onTokens(tokens: Tokens | undefined): void;
  close(): void;
}

export const ANSWER_TIMEOUT_MS = 10_000;
const RENEW_AHEAD_MS = 60_000;
const LONGEST_TIMER_MS = 2 ** 31 - 1;
/** Whoever stayed connected for so long starts counting failures anew. */
const STABLE_MS = 30_000;

/** One socket that comes back whatever ended it, and whose token is renewed while it is open. */
export function createConnection(options: ConnectionOptions): Connection {
  const { keeper, isWanted, onUp, onDown, onEnd } = options;
  const stop = new AbortController();
  const socket = createSocket(options, giveToken);
  const renewal = createRenewal(socket, keeper);
  let token: string | undefined;
  let connectedAtMs = 0;
  let failures = 0;

  async function giveToken(give: (auth: object) => void): Promise<void> {
    const { expiresAt = Number.POSITIVE_INFINITY, accessToken } = keeper.current ?? {};
    if (expiresAt < Date.now()) await keeper.refresh(accessToken).catch(() => undefined);
    token = keeper.current?.accessToken;
    give({ token: token ?? '' });
  }

  socket.on('connect', () => {
    connectedAtMs = Date.now();
    renewal.schedule();
    onUp();
  });
  socket.on('disconnect', (reason) => {
    renewal.cancel();
    onDown();
    if (Date.now() - connectedAtMs > STABLE_MS) failures = 0;
    // Whatever else ends a connection, the manager comes back from by itself.
    if (reason === 'io server disconnect') void comeBack(true);
  });
  socket.on('connect_error', (error: Error & { data?: { status?: number } }) => {
    if (!socket.active) void comeBack(error.data?.status === 401);
  });

  /** The server closed or refused: that is about the token, so another one comes first. */
  async function comeBack(needsToken: boolean): Promise<void> {
    try {
      await wait(backoffMs(++failures), stop.signal);
      if (needsToken) await keeper.refresh(token);
    } catch (error) {
      if (isTransient(error)) return comeBack(needsToken);
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
      if (!error && answer?.ok) return renewal.schedule();
      // Someone else has signed in, or the answer was lost: a new connection tells.
      if (socket.connected) socket.disconnect().connect();
    };
    socket.timeout(ANSWER_TIMEOUT_MS).emit('authenticate', { token }, onAnswer);
  }

  return {
    socket,
    open,
    onTokens: (tokens) => (tokens ? authenticate(tokens) : onEnd(signedOut())),
    close() {
      stop.abort();
      socket.disconnect();
    },
  };
}

function createSocket(
  { url, socketOptions }: ConnectionOptions,
  giveToken: (give: (auth: object) => void) => Promise<void>,
): Socket {
  return io(url, {
    transports: ['websocket', 'polling'],
    tryAllTransports: true,
    reconnectionDelay: 300,
    reconnectionDelayMax: 5_000,
    ...socketOptions,
    autoConnect: false,
    forceNew: true,
    auth: (give) => void giveToken(give),
  });
}

/** Swaps the tokens in time before they expire, while the socket is open. */
function createRenewal(socket: Socket, keeper: TokenKeeper) {
  let timer: ReturnType<typeof setTimeout> | undefined;

  function schedule(): void {
    clearTimeout(timer);
    const { expiresAt, refreshToken } = keeper.current ?? {};
    if (expiresAt === undefined || refreshToken === undefined) return;
    const remainingMs = Math.max(0, expiresAt - Date.now());
    const aheadMs = Math.min(RENEW_AHEAD_MS, remainingMs / 5);
    timer = setTimeout(renew, Math.min(remainingMs - aheadMs, LONGEST_TIMER_MS), 1);
  }

  function renew(tries: number): void {
    if (!socket.connected) return;
    keeper.refresh().catch((error) => {
      clearTimeout(timer);
      if (isTransient(error)) timer = setTimeout(renew, backoffMs(tries), tries + 1);
    });
  }

  return { schedule, cancel: () => clearTimeout(timer) };
}
