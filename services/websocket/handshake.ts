import {
  ConflictError,
  type Problem,
  serializeError,
  toProblem,
  UnauthenticatedError,
} from '@insightdesk/shared/errors';
import type { ExtendedError } from 'socket.io';
import { z } from 'zod';
import type { Holder, LiveSessions } from './live-sessions.ts';
import type { Seats } from './seats.ts';
import { type Access, callerOf, type Services, type Session } from './session.ts';
import type { EndCode, ServerSocket } from './wire.ts';

const authInput = z.object({ token: z.string().min(1).max(8_192) });

/** A socket on its way in. */
export interface Entrant extends Holder {
  readonly ip: string;
  /** From now on the session answers for it; ended at once when that was due meanwhile. */
  enter(session: Session): void;
}

interface HandshakeOptions extends Pick<Services, 'tokens' | 'log' | 'sessionRecords'> {
  liveSessions: Pick<LiveSessions, 'add' | 'delete'>;
  seats: Pick<Seats, 'take'>;
  /** Told why each socket was turned away. */
  onRefusal(reason: string): void;
  ipOf(socket: ServerSocket): string;
  remember(socket: ServerSocket, entrant: Entrant): void;
}

/** Lets sockets with a live session in; others get a `connect_error` whose data is a problem. */
export function createHandshake(options: HandshakeOptions) {
  const { tokens, log, sessionRecords, liveSessions, seats, ipOf, remember, onRefusal } = options;

  async function identify(socket: ServerSocket): Promise<void> {
    const auth = authInput.safeParse(socket.handshake.auth);
    if (!auth.success) throw new UnauthenticatedError('Connect with auth: { token }');
    const access = await tokens.verifyAccess(auth.data.token);
    // Nobody needs the token's text again, and Socket.IO would keep it.
    socket.handshake.auth = {};
    const entrant = new WaitingEntrant(access, ipOf(socket));
    const seat = seats.take({ ...access, ip: entrant.ip });
    // Listening before asking: what ends in between is heard.
    liveSessions.add(entrant);
    const forget = () => {
      seat.release();
      liveSessions.delete(entrant);
    };
    socket.conn.once('close', forget);
    const caller = callerOf({ access, ip: entrant.ip, socket }, Bun.randomUUIDv7());
    try {
      // It may have gone while its token was looked at.
      if (socket.conn.readyState === 'closed') throw new ConflictError('Gone already');
      await seat.confirm();
      await sessionRecords.require(caller);
    } catch (error) {
      forget();
      throw error;
    }
    remember(socket, entrant);
  }

  return function handshake(socket: ServerSocket, next: (error?: ExtendedError) => void) {
    identify(socket).then(
      () => next(),
      (error: unknown) => {
        const problem = toProblem(error, { requestId: Bun.randomUUIDv7() });
        onRefusal(reasonOf(problem));
        if (problem.status >= 500) {
          if (problem.status !== 503) log.error({ err: serializeError(error) }, 'handshake failed');
          // A client tries again by itself after a lost connection, but not after a refusal.
          return socket.conn.close();
        }
        next(Object.assign(new Error(problem.detail), { data: problem }));
      },
    );
  };
}

/** Such as `TOKEN_EXPIRED`, or `TOO_MANY_CONNECTIONS/user`. */
function reasonOf({ status, code, errors: [limit] = [] }: Problem): string {
  return status === 429 && limit ? `${code}/${limit.path}` : code;
}

class WaitingEntrant implements Entrant {
  readonly ip: string;
  readonly #access: Access;
  #session: Session | undefined;
  #due: EndCode | undefined;

  constructor(access: Access, ip: string) {
    this.#access = access;
    this.ip = ip;
  }

  get access(): Access {
    return this.#session?.access ?? this.#access;
  }

  end(code: EndCode): void {
    this.#due = code;
    this.#session?.end(code);
  }

  enter(session: Session): void {
    this.#session = session;
    if (this.#due) session.end(this.#due);
  }
}
