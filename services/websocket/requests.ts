import { UnavailableError } from '@insightdesk/shared/errors';
import { sleep } from '@insightdesk/shared/promises';
import { type Id, newId } from '@insightdesk/shared/utils';
import { type Member, roomOfUser } from './clients.ts';
import type { SocketServerIo } from './wire.ts';

export interface RequestOptions {
  /** How long a device may take for its answer, each time. */
  timeoutMs?: number;
  /** How often it is asked, with the same id, until one device answers. */
  attempts?: number;
}

/** Asks people something through their sockets. */
export interface Requests {
  /**
   * Asks all devices of a user, on any replica, and gives the first answer; whoever hears an id
   * again answers as before. Throws UnavailableError (`NO_ANSWER`) after the last attempt.
   */
  request(
    member: Member,
    name: string,
    payload: unknown,
    options?: RequestOptions,
  ): Promise<unknown>;
}

/** Builds the way from the server to people's devices and back. */
export function createRequests(io: SocketServerIo): Requests {
  async function ask(room: string, request: ClientRequest, timeoutMs: number): Promise<unknown> {
    const sockets = await io.in(room).fetchSockets();
    const answers = sockets.map(async (socket) => {
      const operator = socket.timeout(timeoutMs);
      // One socket, one answer; the types know broadcasts only.
      const answer: unknown = await operator.emitWithAck('request', request);
      return answer;
    });
    return Promise.any(answers);
  }

  return {
    async request(member, name, payload, { timeoutMs = 5_000, attempts = 3 } = {}) {
      const request = { id: newId('evt'), name, payload: payload ?? null };
      let cause: unknown;
      for (let attempt = 1; attempt <= attempts; attempt++) {
        const startedAtMs = performance.now();
        try {
          return await ask(roomOfUser(member), request, timeoutMs);
        } catch (error) {
          cause = error;
        }
        // Nobody there answers at once: they get the time of an answer to come back.
        const restMs = timeoutMs - (performance.now() - startedAtMs);
        if (attempt < attempts && restMs > 0) await sleep(restMs);
      }
      throw new UnavailableError('No device has answered', { code: 'NO_ANSWER', cause });
    },
  };
}

/** What a device is asked; the id stays the same over attempts. */
export interface ClientRequest {
  id: Id<'evt'>;
  name: string;
  payload: unknown;
}
