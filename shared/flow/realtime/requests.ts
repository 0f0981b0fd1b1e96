import type { ClientAnswer, ClientRequest, Id } from '@insightdesk/shared/contract';
import { ConflictError, UnavailableError } from '@insightdesk/shared/errors';
import { withTimeout } from '@insightdesk/shared/promises';
import { newId } from '@insightdesk/shared/utils';
import type { Valkey } from '@insightdesk/shared/valkey';

/** Who is asked what. */
export interface Question {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
  name: string;
  payload: unknown;
}

export interface RequestOptions {
  /** How long a device may take for its answer, each time. */
  timeoutMs?: number;
  /** How often it is asked, with the same id, until one device answers. */
  attempts?: number;
}

/** Asks people something through their sockets, from any process. */
export interface Requests {
  /**
   * Asks all devices of a member, on any replica, and gives the first answer's result; whoever
   * hears an id again answers as before. Throws ConflictError with the device's code when it says
   * no, and UnavailableError (`NO_ANSWER`) after the last attempt.
   */
  request(question: Question, options?: RequestOptions): Promise<unknown>;
  close(): void;
}

/** A question on its way to the replicas. */
export interface Asked extends Pick<Question, 'tenantId' | 'userId'> {
  request: ClientRequest;
  timeoutMs: number;
  /** The topic on which whoever asks listens. */
  replyTo: string;
}

/** An answer on its way back. */
export interface Answered {
  id: string;
  answer: ClientAnswer;
}

/** The topic that every replica listens to. */
export const REQUESTS_TOPIC = 'realtime:requests';

export interface RequestsOptions {
  publisher: Valkey;
  /** Opens a connection of role `subscriber` with the first question. */
  connect: () => Valkey;
}

/** Builds the way from a process to people's devices and back; what gets lost is asked again. */
export function createRequests({ publisher, connect }: RequestsOptions): Requests {
  const replyTo = `realtime:answers:${crypto.randomUUID()}`;
  const pending = new Map<string, (answer: ClientAnswer) => void>();
  let subscriber: Valkey | undefined;
  let listening: Promise<unknown> | undefined;

  function onMessage(_topic: string, text: string) {
    const { id, answer } = JSON.parse(text) as Answered;
    pending.get(id)?.(answer);
  }

  function listen(): Promise<unknown> {
    subscriber ??= connect().on('message', onMessage);
    listening ??= subscriber.subscribe(replyTo).catch((error: unknown) => {
      listening = undefined;
      throw error;
    });
    return listening;
  }

  return {
    async request({ tenantId, userId, name, payload }, { timeoutMs = 5_000, attempts = 3 } = {}) {
      const request = { id: newId('evt'), name, payload: payload ?? null };
      const asked: Asked = { tenantId, userId, request, timeoutMs, replyTo };
      const answered = Promise.withResolvers<ClientAnswer>();
      pending.set(request.id, answered.resolve);
      let cause: unknown;
      const ask = () =>
        listen()
          .then(() => publisher.publish(REQUESTS_TOPIC, JSON.stringify(asked)))
          .catch((error: unknown) => {
            cause = error;
          });
      try {
        for (let attempt = 1; attempt <= attempts; attempt++) {
          void ask();
          // Whoever is not there gets the time of an answer to come back.
          const answer = await withTimeout(answered.promise, timeoutMs).catch(() => undefined);
          if (answer) return resultOf(answer);
        }
        throw new UnavailableError('No device has answered', { code: 'NO_ANSWER', cause });
      } finally {
        pending.delete(request.id);
      }
    },
    close: () => subscriber?.disconnect(),
  };
}

function resultOf(answer: ClientAnswer): unknown {
  if (answer.ok) return answer.result;
  throw new ConflictError(answer.error.detail, { code: answer.error.code });
}
