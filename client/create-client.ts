import type { ManagerOptions, SocketOptions } from 'socket.io-client';
import type { RequestHandler } from './answers.ts';
import type { ChannelListener } from './follower.ts';
import type { Subscription } from './following.ts';
import { createLive, type OwnPresence } from './live.ts';
import type { Presence, PresenceListener } from './presence.ts';
import {
  type Answer,
  type Body,
  createRequest,
  type Fetch,
  type Query,
  type Request,
} from './requests.ts';
import { createSend, type Message, type Send } from './send.ts';
import { createTokenKeeper, type TokenPair, type Tokens, toTokens } from './tokens.ts';

export type Conversation = Answer<'GET /v1/conversations/{id}'>;
export type Attachment = Answer<'GET /v1/attachments/{id}'>;
export type SignedIn = Answer<'POST /v1/auth/login'>;

export interface ClientOptions {
  /** Where the desk is, such as `https://desk.example`. */
  url: string;
  /** Where its sockets are, if they have an address of their own; the same unless said. */
  socketUrl?: string | undefined;
  /** Of an earlier start of the app. */
  tokens?: Tokens | undefined;
  /** Told of every new pair, and of `undefined` when the session has ended. */
  onTokens?: ((tokens: Tokens | undefined) => void) | undefined;
  /** Another `fetch`, for certificates or logging. */
  fetch?: Fetch | undefined;
  /** For `socket.io-client`: transports, delays, certificates. */
  socketOptions?: Partial<ManagerOptions & SocketOptions> | undefined;
  onConnection?: ((isConnected: boolean) => void) | undefined;
  /** Told of what a callback of a subscription threw; without it, that is thrown as uncaught. */
  onError?: ((error: unknown) => void) | undefined;
  /** How long one request may take, 30 seconds by default. Uploads may take ten times as long. */
  timeoutMs?: number | undefined;
}

/** Everything an app asks of InsightDesk. Calls reject with ProblemError or UnreachableError. */
export type Client = ReturnType<typeof createClient>;

/** Opens nothing by itself: the socket connects with the first subscription or request handler. */
export function createClient(options: ClientOptions) {
  const url = options.url.replace(/\/+$/, '');
  const stop = new AbortController();
  const request = createRequest({
    url,
    fetch: options.fetch ?? ((address, init) => fetch(address, init)),
    timeoutMs: options.timeoutMs ?? 30_000,
    tokens: () => keeper,
    stopped: stop.signal,
  });
  const keeper = createTokenKeeper({
    ...options,
    swap: (refreshToken) => request('POST /v1/auth/refresh', { body: { refreshToken } }),
    onChange: (tokens) => live.onTokens(tokens),
  });
  const live = createLive({
    ...options,
    url: options.socketUrl ?? url,
    keeper,
    onError: options.onError ?? throwLater,
  });
  const send = createSend(request, stop.signal);

  async function signIn<T extends TokenPair>(answering: Promise<T>): Promise<T> {
    const answer = await answering;
    keeper.set(toTokens(answer));
    return answer;
  }

  return {
    /** Any route, by method and path. */
    request,
    get tokens(): Tokens | undefined {
      return keeper.current;
    },
    login: (body: Body<'POST /v1/auth/login'>) => signIn(request('POST /v1/auth/login', { body })),
    register: (body: Body<'POST /v1/auth/register'>) =>
      signIn(request('POST /v1/auth/register', { body })),
    /** Swaps the tokens now; they are swapped in time without it. */
    refresh: () => keeper.refresh(),
    /** Ends the session here, and at the server when it can be reached. */
    async logout(): Promise<void> {
      try {
        await request('POST /v1/auth/logout');
      } finally {
        keeper.set(undefined);
      }
    },
    me: () => request('GET /v1/me'),
    ...resources(request, send),
    send,
    /** Follows a channel over reconnects until closed; see ChannelListener for what is promised. */
    subscribe: (channel: string, listener: ChannelListener): Subscription =>
      live.subscribe(channel, listener),
    /** Who is in a presence channel, this person included, and who is typing there. */
    presence: (channel: string, listener: PresenceListener = {}): Presence =>
      live.presence(channel, listener),
    /** What this device says of its person in all presence channels, also after a reconnect. */
    setPresence: (own: OwnPresence): void => live.setPresence(own),
    /**
     * Answers what the server asks this person by this name, once per request; throw RefusalError
     * to say no. Keeps the connection open until what is returned is called.
     */
    onRequest: <P = unknown, R = unknown>(name: string, handler: RequestHandler<P, R>) =>
      live.onRequest(name, handler as RequestHandler),
    /** Ends every subscription and every attempt to send; tokens stay good. */
    close(): void {
      stop.abort();
      live.close();
    },
  };
}

function resources(request: Request, send: Send) {
  type Id = Conversation['id'];
  type AttachmentId = Attachment['id'];
  return {
    conversations: {
      open: (body: Body<'POST /v1/conversations'>) => request('POST /v1/conversations', { body }),
      list: (query: Query<'GET /v1/conversations'> = {}) =>
        request('GET /v1/conversations', { query }),
      get: (id: Id) => request('GET /v1/conversations/{id}', { path: { id } }),
      update: (id: Id, body: Body<'PATCH /v1/conversations/{id}'>) =>
        request('PATCH /v1/conversations/{id}', { path: { id }, body }),
    },
    messages: {
      list: (id: Id, query: Query<'GET /v1/conversations/{id}/messages'> = {}) =>
        request('GET /v1/conversations/{id}/messages', { path: { id }, query }),
      send,
    },
    attachments: {
      upload(file: Blob, name: string): Promise<Attachment> {
        const body = new FormData();
        body.append('file', file, name);
        return request('POST /v1/attachments', { body });
      },
      get: (id: AttachmentId) => request('GET /v1/attachments/{id}', { path: { id } }),
      /** The bytes, of the file itself or of a variant. */
      content: (id: AttachmentId, variant?: string) =>
        request('GET /v1/attachments/{id}/content', { path: { id }, query: { variant } }),
      /** An address that opens it for a while without a token, as for `<img src>`. */
      link: (id: AttachmentId, body: Body<'POST /v1/attachments/{id}/links'> = {}) =>
        request('POST /v1/attachments/{id}/links', { path: { id }, body }),
    },
  };
}

function throwLater(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}

export type { Message };
