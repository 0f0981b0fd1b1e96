import type { ManagerOptions, SocketOptions } from 'socket.io-client';
import type { Presence, PresenceListener } from './presence.ts';
import { createRealtime } from './realtime.ts';
import type { RequestHandler } from './request-handlers.ts';
import {
  createRequest,
  createSendTus,
  type Fetch,
  type RequestBody,
  type RequestQuery,
  type ResponseBody,
  type SendRequest,
  type SendTus,
} from './requests.ts';
import {
  type Attachment,
  type ResumableUpload,
  type ResumableUploadOptions,
  startResumableUpload,
} from './resumable-upload.ts';
import { createSend, type Message, type Send } from './send.ts';
import {
  createTokenStore,
  type TokenPair,
  type TokenStore,
  type Tokens,
  toTokens,
} from './tokens.ts';
import type { OnWait } from './waiting.ts';

export type Conversation = ResponseBody<'GET /v1/conversations/{id}'>;
export type LoginResponse = ResponseBody<'POST /v1/auth/login'>;

export interface ClientOptions {
  /** The URL of InsightDesk, for example `https://desk.example`. */
  url: string;
  /** The URL of its sockets; the same by default. */
  socketUrl?: string | undefined;
  /** Stored tokens of an earlier start of the app. */
  tokens?: Tokens | undefined;
  /** Called with new tokens, and with `undefined` when the session has ended. */
  onTokensChange?: ((tokens: Tokens | undefined) => void) | undefined;
  /** Another `fetch`, for certificates or logging. */
  fetch?: Fetch | undefined;
  /** For `socket.io-client`: transports, delays, certificates. */
  socketOptions?: Partial<ManagerOptions & SocketOptions> | undefined;
  onConnectionChange?: ((isConnected: boolean) => void) | undefined;
  /** Called before each wait for a rate limit, a connection or the server, after which a request is repeated. */
  onWait?: OnWait | undefined;
  /** Called with the errors of the app's own callbacks; by default they are thrown as uncaught. */
  onError?: ((error: unknown) => void) | undefined;
  /** The timeout of a request, 30 seconds by default; ten times as long for uploads. */
  timeoutMs?: number | undefined;
}

/** The InsightDesk API for an app. Calls reject with ProblemError or NetworkError. */
export type Client = ReturnType<typeof createClient>;

/** Creates a client. The socket connects with the first subscription or request handler. */
export function createClient(options: ClientOptions) {
  const url = options.url.replace(/\/+$/, '');
  const stop = new AbortController();
  const onError = options.onError ?? throwUncaught;
  const onWait = guard(options.onWait, onError);
  const requestOptions = {
    url,
    fetch: options.fetch ?? ((address: string, init: RequestInit) => fetch(address, init)),
    timeoutMs: options.timeoutMs ?? 30_000,
    tokenStore: (): TokenStore => tokenStore,
    stopped: stop.signal,
    onWait,
  };
  const request = createRequest(requestOptions);
  const tokenStore = createTokenStore({
    ...options,
    refreshTokens: (refreshToken) => request('POST /v1/auth/refresh', { body: { refreshToken } }),
    onChange: (tokens) => realtime.onTokensChange(tokens),
  });
  const realtime = createRealtime({
    ...options,
    url: options.socketUrl ?? url,
    tokenStore,
    onError,
  });
  const send = createSend(request, stop.signal, onWait);
  const resources = { request, send, stopped: stop.signal, onWait };

  async function startSession<T extends TokenPair>(response: Promise<T>): Promise<T> {
    const body = await response;
    tokenStore.set(toTokens(body));
    return body;
  }

  return {
    /** Calls any route by method and path. */
    request,
    get tokens(): Tokens | undefined {
      return tokenStore.current;
    },
    login: (body: RequestBody<'POST /v1/auth/login'>) =>
      startSession(request('POST /v1/auth/login', { body })),
    register: (body: RequestBody<'POST /v1/auth/register'>) =>
      startSession(request('POST /v1/auth/register', { body })),
    /** Refreshes the tokens now; the client does it by itself before they expire. */
    refresh: () => tokenStore.refresh(),
    /** Ends the session here, and on the server when it can be reached. */
    async logout(): Promise<void> {
      try {
        await request('POST /v1/auth/logout');
      } finally {
        tokenStore.set(undefined);
      }
    },
    me: () => request('GET /v1/me'),
    ...createResources({ ...resources, sendTus: createSendTus(requestOptions) }),
    send,
    /** Subscribes to a channel, over reconnects, until closed. */
    subscribe: realtime.subscribe,
    /** Joins a presence channel as a member, and follows its members and who is typing. */
    presence: (channel: string, listener: PresenceListener = {}): Presence =>
      realtime.presence(channel, listener),
    /** Sets the presence of this device in all presence channels, also after a reconnect. */
    setPresence: realtime.setPresence,
    /**
     * Handles the server's requests of this name to this user, each once; throw
     * RequestRejectedError to reject one. The connection stays open until the returned function is
     * called.
     */
    onRequest: <P = unknown, R = unknown>(name: string, handler: RequestHandler<P, R>) =>
      realtime.onRequest(name, handler as RequestHandler),
    /** Ends every subscription and every attempt to send; the session stays valid. */
    close(): void {
      stop.abort();
      realtime.close();
    },
  };
}

interface ResourceDependencies {
  request: SendRequest;
  send: Send;
  sendTus: SendTus;
  stopped: AbortSignal;
  onWait: OnWait;
}

function createResources({ request, send, ...upload }: ResourceDependencies) {
  type ConversationId = Conversation['id'];
  type AttachmentId = Attachment['id'];
  return {
    conversations: {
      create: (body: RequestBody<'POST /v1/conversations'>) =>
        request('POST /v1/conversations', { body }),
      list: (query: RequestQuery<'GET /v1/conversations'> = {}) =>
        request('GET /v1/conversations', { query }),
      get: (id: ConversationId) => request('GET /v1/conversations/{id}', { path: { id } }),
      update: (id: ConversationId, body: RequestBody<'PATCH /v1/conversations/{id}'>) =>
        request('PATCH /v1/conversations/{id}', { path: { id }, body }),
    },
    messages: {
      list: (id: ConversationId, query: RequestQuery<'GET /v1/conversations/{id}/messages'> = {}) =>
        request('GET /v1/conversations/{id}/messages', { path: { id }, query }),
      get: (id: ConversationId, messageId: Message['id']) =>
        request('GET /v1/conversations/{id}/messages/{messageId}', { path: { id, messageId } }),
      send,
    },
    attachments: {
      upload(file: Blob, name: string): Promise<Attachment> {
        const body = new FormData();
        body.append('file', file, name);
        return request('POST /v1/attachments', { body });
      },
      /** Uploads a file in chunks; it continues after a broken connection and a restart of the app. */
      uploadResumably: (
        file: Blob,
        name: string,
        options: ResumableUploadOptions = {},
      ): ResumableUpload => startResumableUpload({ request, ...upload }, file, name, options),
      get: (id: AttachmentId) => request('GET /v1/attachments/{id}', { path: { id } }),
      /** Downloads the file itself or a variant. */
      download: (id: AttachmentId, variant?: string) =>
        request('GET /v1/attachments/{id}/content', { path: { id }, query: { variant } }),
      /** Creates a URL that works for a while without a token, for example in `<img src>`. */
      createLink: (id: AttachmentId, body: RequestBody<'POST /v1/attachments/{id}/links'> = {}) =>
        request('POST /v1/attachments/{id}/links', { path: { id }, body }),
    },
  };
}

/** Errors of the app's callback do not stop the repeating. */
function guard(onWait: OnWait | undefined, onError: (error: unknown) => void): OnWait {
  return (wait) => {
    try {
      onWait?.(wait);
    } catch (error) {
      onError(error);
    }
  };
}

function throwUncaught(error: unknown): void {
  queueMicrotask(() => {
    throw error;
  });
}
