import type { ClientRequest, ClientResponse } from '../shared/contract/shapes.ts';

/** Handles a request of the server to this user; its return value is the result. */
export type RequestHandler<P = unknown, R = unknown> = (
  payload: P,
  request: ClientRequest,
) => R | Promise<R>;

/** Thrown by a handler to reject a request; `code` is in capitals, for example `BUSY`. */
export class RequestRejectedError extends Error {
  override readonly name = 'RequestRejectedError';
  readonly code: string;

  constructor(code: string, detail: string) {
    super(detail);
    if (!/^[A-Z][A-Z0-9_]{0,63}$/.test(code)) throw new TypeError(`${code} is not a valid code`);
    this.code = code;
  }
}

/** More than the server can repeat within the few seconds of its attempts. */
const MAX_REMEMBERED_RESPONSES = 200;

/** The request handlers of an app; each request is handled once, however often it arrives. */
export class RequestHandlers {
  readonly #handlers = new Map<string, RequestHandler>();
  readonly #responses = new Map<string, Promise<ClientResponse>>();
  readonly #onError: (error: unknown) => void;

  constructor(onError: (error: unknown) => void) {
    this.#onError = onError;
  }

  get isEmpty(): boolean {
    return this.#handlers.size === 0;
  }

  /** Adds the handler of a name; returns a function that removes it. */
  add(name: string, handler: RequestHandler): () => void {
    if (this.#handlers.has(name)) throw new Error(`${name} already has a handler`);
    this.#handlers.set(name, handler);
    return () => {
      if (this.#handlers.get(name) === handler) this.#handlers.delete(name);
    };
  }

  /** Does not respond to a request without a handler: another device may have one. */
  receive(request: ClientRequest, acknowledge: (response: ClientResponse) => void): void {
    const response = this.#responses.get(request.id) ?? this.#start(request);
    response?.then(acknowledge).catch(this.#onError);
  }

  #start(request: ClientRequest): Promise<ClientResponse> | undefined {
    const handler = this.#handlers.get(request.name);
    if (!handler) return undefined;
    const response = this.#run(handler, request);
    this.#responses.set(request.id, response);
    const [oldest] = this.#responses.keys();
    if (this.#responses.size > MAX_REMEMBERED_RESPONSES && oldest !== undefined) {
      this.#responses.delete(oldest);
    }
    return response;
  }

  async #run(handler: RequestHandler, request: ClientRequest): Promise<ClientResponse> {
    try {
      return { ok: true, result: (await handler(request.payload, request)) ?? null };
    } catch (error) {
      if (error instanceof RequestRejectedError) {
        return { ok: false, error: { code: error.code, detail: error.message.slice(0, 500) } };
      }
      this.#onError(error);
      return { ok: false, error: { code: 'HANDLER_FAILED', detail: 'The handler failed' } };
    }
  }
}
