import { isTransient, ProblemError } from './errors.ts';
import { randomId } from './random-id.ts';
import type { Answer, Body, Request } from './requests.ts';
import { backoffMs, wait } from './wait.ts';

type Route = 'POST /v1/conversations/{id}/messages';
export type Message = Answer<Route>;
export type Draft = Body<Route>;

/** Sends a message, repeated until the server accepts or refuses it; it is stored once. */
export type Send = (
  conversationId: Message['conversationId'],
  draft: Draft,
  options?: { signal?: AbortSignal },
) => Promise<Message>;

/** Builds `send`: messages of one conversation go one after the other, in the order of the calls. */
export function createSend(request: Request, stopped: AbortSignal): Send {
  const lasts = new Map<string, Promise<unknown>>();

  async function deliver(id: Message['conversationId'], body: Draft, signal: AbortSignal) {
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
        const askedMs = error instanceof ProblemError ? error.retryAfterMs : undefined;
        await wait(Math.max(askedMs ?? 0, backoffMs(attempt)), signal);
      }
    }
  }

  return (conversationId, draft, options = {}) => {
    const body = { ...draft, clientMessageId: draft.clientMessageId ?? randomId() };
    const signal = options.signal ? AbortSignal.any([stopped, options.signal]) : stopped;
    const go = () => deliver(conversationId, body, signal);
    const sending = (lasts.get(conversationId) ?? Promise.resolve()).then(go, go);
    lasts.set(conversationId, sending);
    const forget = () => {
      if (lasts.get(conversationId) === sending) lasts.delete(conversationId);
    };
    sending.then(forget, forget);
    return sending;
  };
}
