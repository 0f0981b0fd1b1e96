import { isTransient, ProblemError } from './errors.ts';
import type { RequestBody, ResponseBody, SendRequest } from './requests.ts';
import { backoffMs, randomId, sleep } from './sleep.ts';

type Route = 'POST /v1/conversations/{id}/messages';
export type Message = ResponseBody<Route>;
export type NewMessage = RequestBody<Route>;

/** Sends a message, repeatedly until the server accepts or refuses it; it is stored once. */
export type Send = (
  conversationId: Message['conversationId'],
  message: NewMessage,
  options?: { signal?: AbortSignal },
) => Promise<Message>;

/** Creates `send`: messages of one conversation are sent one after the other, in call order. */
export function createSend(request: SendRequest, stopped: AbortSignal): Send {
  const lastByConversation = new Map<string, Promise<unknown>>();

  async function sendUntilDone(
    id: Message['conversationId'],
    body: NewMessage,
    signal: AbortSignal,
  ) {
    const idempotencyKey = randomId();
    for (let attempt = 1; ; attempt++) {
      try {
        return await request('POST /v1/conversations/{id}/messages', {
          path: { id },
          body,
          signal,
          idempotencyKey,
        });
      } catch (error) {
        if (!isTransient(error)) throw error;
        const retryAfterMs = error instanceof ProblemError ? error.retryAfterMs : undefined;
        await sleep(Math.max(retryAfterMs ?? 0, backoffMs(attempt)), signal);
      }
    }
  }

  return (conversationId, message, options = {}) => {
    const body = { ...message, clientMessageId: message.clientMessageId ?? randomId() };
    const signal = options.signal ? AbortSignal.any([stopped, options.signal]) : stopped;
    const run = () => sendUntilDone(conversationId, body, signal);
    const previous = lastByConversation.get(conversationId) ?? Promise.resolve();
    const sending = previous.then(run, run);
    lastByConversation.set(conversationId, sending);
    const cleanUp = () => {
      if (lastByConversation.get(conversationId) === sending) {
        lastByConversation.delete(conversationId);
      }
    };
    sending.then(cleanUp, cleanUp);
    return sending;
  };
}
