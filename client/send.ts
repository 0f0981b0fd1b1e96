import { isTransient } from './errors.ts';
import type { RequestBody, ResponseBody, SendRequest } from './requests.ts';
import { randomId } from './sleep.ts';
import { type OnWait, waitForRetry } from './waiting.ts';

const ROUTE = 'POST /v1/conversations/{id}/messages';
export type Message = ResponseBody<typeof ROUTE>;
export type NewMessage = RequestBody<typeof ROUTE>;

/** Sends a message, repeatedly until the server accepts or refuses it; it is stored once. */
export type Send = (
  conversationId: Message['conversationId'],
  message: NewMessage,
  options?: { signal?: AbortSignal },
) => Promise<Message>;

/** Creates `send`: messages of one conversation are sent one after the other, in call order. */
export function createSend(request: SendRequest, stopped: AbortSignal, onWait: OnWait): Send {
  const lastByConversation = new Map<string, Promise<unknown>>();

  async function sendUntilDone(
    id: Message['conversationId'],
    body: NewMessage,
    signal: AbortSignal,
  ) {
    const idempotencyKey = randomId();
    for (let attempt = 1; ; attempt++) {
      try {
        return await request(ROUTE, {
          path: { id },
          body,
          signal,
          idempotencyKey,
        });
      } catch (error) {
        if (!isTransient(error)) throw error;
        await waitForRetry(error, { route: ROUTE, attempt, signal, onWait });
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
