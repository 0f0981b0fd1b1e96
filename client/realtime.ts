import type { Socket } from 'socket.io-client';
import type {
  ClientRequest,
  ClientResponse,
  PresentMember,
  SocketInputs,
} from '../shared/contract/shapes.ts';
import type { Acknowledgement, ChannelListener } from './channel-subscription.ts';
import {
  ACKNOWLEDGEMENT_TIMEOUT_MS,
  type ConnectionOptions,
  createConnection,
} from './connection.ts';
import { ClientClosedError, ProblemError } from './errors.ts';
import { createPresence, type Presence, type PresenceListener } from './presence.ts';
import { type RequestHandler, RequestHandlers } from './request-handlers.ts';
import { createSubscriptions, type Subscription } from './subscriptions.ts';
import type { Tokens } from './tokens.ts';

/** The presence of this device in all presence channels: a status, for example `away`. */
export type PresenceUpdate = SocketInputs['presence:set'];

interface RealtimeOptions extends Pick<ConnectionOptions, 'url' | 'tokenStore' | 'socketOptions'> {
  onConnectionChange?: ((isConnected: boolean) => void) | undefined;
  /** Gets the errors of the app's own callbacks. */
  onError: (error: unknown) => void;
}

/** Creates subscriptions, presence and request handlers on one connection, opened when needed. */
export function createRealtime(options: RealtimeOptions) {
  const { onConnectionChange, onError, tokenStore } = options;
  const requestHandlers = new RequestHandlers(onError);
  const connection = createConnection({
    ...options,
    isWanted: () => !subscriptions.isEmpty || !requestHandlers.isEmpty,
    onConnect() {
      onConnectionChange?.(true);
      // Before any channel is joined: members see this device with its presence only.
      sendPresence();
      subscriptions.onConnect();
    },
    onDisconnect() {
      subscriptions.onDisconnect();
      onConnectionChange?.(false);
    },
    onEnd: endAll,
  });
  const { socket, open } = connection;
  const refreshToken = async () => void (await tokenStore.refresh());
  const subscriptions = createSubscriptions({ socket, open, refreshToken, onError });
  let ownPresence: PresenceUpdate | undefined;
  let isClosed = false;
  socket.on('request', (request: ClientRequest, acknowledge: (response: ClientResponse) => void) =>
    requestHandlers.receive(request, acknowledge),
  );

  function endAll(error: Error): void {
    ownPresence = undefined;
    socket.disconnect();
    subscriptions.end(error);
  }

  function sendPresence(): void {
    if (!ownPresence || !socket.connected) return;
    socket.emit('presence:set', ownPresence, (answer: Acknowledgement) => {
      if (!answer.ok) onError(new ProblemError(answer.error));
    });
  }

  function requireOpen(): void {
    if (isClosed) throw new ClientClosedError('The client is closed');
  }

  const subscribe = (channel: string, listener: ChannelListener): Subscription => {
    requireOpen();
    return subscriptions.subscribe(channel, listener);
  };

  return {
    subscribe,
    presence: (channel: string, listener: PresenceListener): Presence =>
      createPresence({
        channel,
        listener,
        onError,
        subscribe: (channelListener) => subscribe(channel, channelListener),
        listMembers: () => listMembers(socket, channel),
      }),
    setPresence(presence: PresenceUpdate): void {
      ownPresence = presence;
      sendPresence();
    },
    onRequest(name: string, handler: RequestHandler): () => void {
      requireOpen();
      const remove = requestHandlers.add(name, handler);
      if (tokenStore.current) open();
      return remove;
    },
    onTokensChange(tokens: Tokens | undefined): void {
      connection.onTokensChange(tokens);
      if (tokens && !isClosed) open();
    },
    close(): void {
      isClosed = true;
      connection.close();
      endAll(new ClientClosedError('The client is closed'));
    },
  };
}

/** Undefined without a response. */
async function listMembers(socket: Socket, channel: string): Promise<PresentMember[] | undefined> {
  if (!socket.connected) return undefined;
  const answer: Acknowledgement<{ members: PresentMember[] }> | undefined = await socket
    .timeout(ACKNOWLEDGEMENT_TIMEOUT_MS)
    .emitWithAck('presence', { channel })
    .catch(() => undefined);
  return answer?.ok ? answer.members : undefined;
}
