import type { ClientAnswer, ClientRequest } from '../shared/contract/shapes.ts';

/** Answers what the server asks this person; whatever it gives, or nothing, is the result. */
export type RequestHandler<P = unknown, R = unknown> = (
  payload: P,
  request: ClientRequest,
) => R | Promise<R>;

/** Thrown by a handler to say no; `code` is in capitals, such as `BUSY`. */
export class RefusalError extends Error {
  override readonly name = 'RefusalError';
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(code)) throw new TypeError(`${code} is no code`);
    this.code = code;
  }
}

/** More than can be asked within the few seconds in which the server asks again. */
const REMEMBERED = 200;

/** The handlers of an app, each of which hears a request once however often it comes. */
export class Answers {
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #answers = new Map<string, Promise<ClientAnswer>>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get isEmpty(): boolean {
    return this.#handlers.size === 0;
  }

  /** Adds the one handler of a name; what is returned takes it away again. */
  handle(name: string, handler: RequestHandler): () => void {
    if (this.#handlers.has(name)) throw new Error(`${name} has a handler already`);
    this.#handlers.set(name, handler);
    return () => {
      if (this.#handlers.get(name) === handler) this.#handlers.delete(name);
    };
  }

  /** Stays silent when nobody handles it here: another device may. */
  receive(request: ClientRequest, acknowledge: (answer: ClientAnswer) => void): void {
    const answer = this.#answers.get(request.id) ?? this.#ask(request);
    answer?.then(acknowledge).catch(this.#onError);
  }

  #ask(request: ClientRequest): Promise<ClientAnswer> | undefined {
    const handler = this.#handlers.get(request.name);
    if (!handler) return undefined;
    const answer = this.#answer(handler, request);
    this.#answers.set(request.id, answer);
    const [oldest] = this.#answers.keys();
    if (this.#answers.size > REMEMBERED && oldest !== undefined) this.#answers.delete(oldest);
    return answer;
  }

  async #answer(handler: RequestHandler, request: ClientRequest): Promise<ClientAnswer> {
    try {
      return { ok: true, result: (await handler(request.payload, request)) ?? null };
    } catch (error) {
      if (error instanceof RefusalError) {
        return { ok: false, error: { code: error.code, detail: error.message.slice(0, 500) } };
      }
      this.#onError(error);
      return { ok: false, error: { code: 'HANDLER_FAILED', detail: 'The device has failed' } };
    }
  }
}
