import type { Socket } from 'socket.io-client';
import type {
  ClientAnswer,
  ClientRequest,
  PresentMember,
  SocketInputs,
} from '../shared/contract/shapes.ts';
import { Answers, type RequestHandler } from './answers.ts';
import { ANSWER_TIMEOUT_MS, type ConnectionOptions, createConnection } from './connection.ts';
import { ClosedError, ProblemError } from './errors.ts';
import type { Acknowledgement, ChannelListener } from './follower.ts';
import { createFollowing, type Subscription } from './following.ts';
import { openPresence, type Presence, type PresenceListener } from './presence.ts';
import type { Tokens } from './tokens.ts';

/** What this device says of its person, in all presence channels: a status such as `away`. */
export type OwnPresence = SocketInputs['presence:set'];

export interface LiveOptions extends Pick<ConnectionOptions, 'url' | 'keeper' | 'socketOptions'> {
  onConnection?: ((isConnected: boolean) => void) | undefined;
  /** Told of what an app's own callback threw. */
  onError: (error: unknown) => void;
}

export interface Live {
  subscribe(channel: string, listener: ChannelListener): Subscription;
  presence(channel: string, listener: PresenceListener): Presence;
  setPresence(own: OwnPresence): void;
  onRequest(name: string, handler: RequestHandler): () => void;
  onTokens(tokens: Tokens | undefined): void;
  close(): void;
}

/** Keeps everything on one connection, which is there while anything is wanted of it. */
export function createLive({ onConnection, onError, ...options }: LiveOptions): Live {
  const answers = new Answers(onError);
  const connection = createConnection({
    ...options,
    isWanted: () => !following.isEmpty || !answers.isEmpty,
    onUp() {
      onConnection?.(true);
      // Before any channel is joined, so that nobody sees this device without it.
      sayPresence();
      following.onUp();
    },
    onDown() {
      following.onDown();
      onConnection?.(false);
    },
    onEnd: endAll,
  });
  const { socket, open } = connection;
  const renew = async () => void (await options.keeper.refresh());
  const following = createFollowing({ socket, open, renew, onError });
  let ownPresence: OwnPresence | undefined;
  let isClosed = false;
  socket.on('request', (request: ClientRequest, acknowledge: (answer: ClientAnswer) => void) =>
    answers.receive(request, acknowledge),
  );

  function endAll(error: Error): void {
    ownPresence = undefined;
    socket.disconnect();
    following.end(error);
  }

  function sayPresence(): void {
    if (!ownPresence || !socket.connected) return;
    socket.emit('presence:set', ownPresence, (answer: Acknowledgement) => {
      if (!answer.ok) onError(new ProblemError(answer.error));
    });
  }

  function assertOpen(): void {
    if (isClosed) throw new ClosedError('This client was closed');
  }

  const subscribe: Live['subscribe'] = (channel, listener) => {
    assertOpen();
    return following.subscribe(channel, listener);
  };

  return {
    subscribe,
    presence: (channel, listener) =>
      openPresence({
        channel,
        listener,
        onError,
        subscribe: (own) => subscribe(channel, own),
        list: () => listPresent(socket, channel),
      }),
    setPresence(own) {
      ownPresence = own;
      sayPresence();
    },
    onRequest(name, handler) {
      assertOpen();
      const remove = answers.handle(name, handler);
      if (options.keeper.current) open();
      return remove;
    },
    onTokens(tokens) {
      connection.onTokens(tokens);
      if (tokens && !isClosed) open();
    },
    close() {
      isClosed = true;
      connection.close();
      endAll(new ClosedError('This client was closed'));
    },
  };
}

/** Undefined when no answer came. */
async function listPresent(socket: Socket, channel: string): Promise<PresentMember[] | undefined> {
  if (!socket.connected) return undefined;
  const asking = socket.timeout(ANSWER_TIMEOUT_MS).emitWithAck('presence', { channel });
  const answer: Acknowledgement<{ members: PresentMember[] }> | undefined = await asking.catch(
    () => undefined,
  );
  return answer?.ok ? answer.members : undefined;
}
