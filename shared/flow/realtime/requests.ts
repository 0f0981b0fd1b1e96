import type { ClientRequest, ClientResponse, Id } from '@insightdesk/shared/contract';
import { ConflictError, UnavailableError } from '@insightdesk/shared/errors';
import { withTimeout } from '@insightdesk/shared/promises';
import { newId } from '@insightdesk/shared/utils';
import type { Valkey } from '@insightdesk/shared/valkey';

/** A request to a user. */
export interface UserRequest {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
  name: string;
  payload: unknown;
}

export interface RequestOptions {
  /** How long a device may take to respond, per attempt. */
  timeoutMs?: number;
  /** How often the request is sent, with the same id, until one device responds. */
  attempts?: number;
}

/** Sends requests to users through their sockets, from any process. */
export interface Requests {
  /**
   * Sends a request to all devices of a user, on any replica, and resolves with the first result. A
   * device that gets an id again repeats its response. Throws ConflictError with the device's code
   * when it rejects, and UnavailableError (`NO_ANSWER`) after the last attempt.
   */
  request(request: UserRequest, options?: RequestOptions): Promise<unknown>;
  close(): void;
}

/** A request as it is published to the replicas. */
export interface RequestMessage extends Pick<UserRequest, 'tenantId' | 'userId'> {
  request: ClientRequest;
  timeoutMs: number;
  /** The topic that the requesting process is subscribed to. */
  replyTo: string;
}

/** A response as it is published to the requesting process. */
export interface ResponseMessage {
  id: string;
  answer: ClientResponse;
}

/** The topic of requests, which every replica is subscribed to. */
export const REQUESTS_TOPIC = 'realtime:requests';

export interface RequestsOptions {
  publisher: Valkey;
  /** Connects with role `subscriber`; called with the first request. */
  connect: () => Valkey;
}

/** Creates requests over pub/sub; a lost message is covered by the next attempt. */
export function createRequests({ publisher, connect }: RequestsOptions): Requests {
  const replyTo = `realtime:answers:${crypto.randomUUID()}`;
  const pending = new Map<string, (answer: ClientResponse) => void>();
  let subscriber: Valkey | undefined;
  let listening: Promise<unknown> | undefined;

  function onMessage(_topic: string, text: string) {
    const { id, answer } = JSON.parse(text) as ResponseMessage;
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
      const message: RequestMessage = { tenantId, userId, request, timeoutMs, replyTo };
      const response = Promise.withResolvers<ClientResponse>();
      pending.set(request.id, response.resolve);
      let cause: unknown;
      const send = () =>
        listen()
          .then(() => publisher.publish(REQUESTS_TOPIC, JSON.stringify(message)))
          .catch((error: unknown) => {
            cause = error;
          });
      try {
        for (let attempt = 1; attempt <= attempts; attempt++) {
          void send();
          // A device that is offline gets this time to reconnect.
          const answer = await withTimeout(response.promise, timeoutMs).catch(() => undefined);
          if (answer) return resultOf(answer);
        }
        throw new UnavailableError('No device has responded', { code: 'NO_ANSWER', cause });
      } finally {
        pending.delete(request.id);
      }
    },
    close: () => subscriber?.disconnect(),
  };
}

function resultOf(answer: ClientResponse): unknown {
  if (answer.ok) return answer.result;
  throw new ConflictError(answer.error.detail, { code: answer.error.code });
}
