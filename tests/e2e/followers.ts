import { io, type Socket } from 'socket.io-client';
import { call, type DurableEvent, run, subscribeOn, type TestUser, tlsOptions } from './client.ts';

/** The state of a client for one channel: received numbers and position. */
export interface ChannelState {
  numbers: number[];
  ids: Set<string>;
  /** Ids from a refetch; their events may still be received. */
  refetched: Set<string>;
  position: { epoch: string; offset: number } | undefined;
  /** Whether the last subscribe was accepted. Events before are ignored: the acknowledgement contains them. */
  isJoined: boolean;
}

export interface Follower {
  socket: Socket;
  transport: string;
  states: Map<string, ChannelState>;
  /** Resolves after the first subscription to all channels. */
  ready: Promise<void>;
  /** For each `drain` event: the replica before and after. */
  moves: { from: string; to: string | undefined }[];
}

/** A numbered event of the outbox. */
export interface NumberedEvent {
  id: string;
  n: number;
}

const noCounts = { connections: 0, drains: 0, gaps: 0, repeated: 0, disordered: 0 };
const emptyState = (): ChannelState => ({
  numbers: [],
  ids: new Set(),
  refetched: new Set(),
  position: undefined,
  isJoined: false,
});
const replicaOf = (socket: Socket) => socket.io.engine?.id?.split('.')[0] ?? '';

/** Creates conversations. Returns their staff channels, which contain notes only. */
export async function createStaffChannels(owner: TestUser, count: number): Promise<string[]> {
  const channels: string[] = [];
  for (let i = 0; i < count; i++) {
    const body = { subject: `Channel ${i}`, body: 'x' };
    const response = await call('POST', '/v1/conversations', { token: owner.token, body });
    channels.push(`private-conversation-${response.body.id}-staff`);
  }
  return channels;
}

function handleEvent(
  counts: typeof noCounts,
  states: Map<string, ChannelState>,
  { id, channel, epoch, offset, data }: DurableEvent,
) {
  const state = states.get(channel);
  if (!state) return;
  const { position, ids, refetched } = state;
  const isKnown = ids.has(id);
  const isOld = position?.epoch === epoch && offset <= position.offset;
  if (isOld || (isKnown && !refetched.has(id))) counts.repeated++;
  state.position = { epoch, offset };
  const n = Number(data.body);
  if (Number.isNaN(n) || isKnown) return;
  ids.add(id);
  if ((state.numbers.at(-1) ?? -1) >= n) counts.disordered++;
  state.numbers.push(n);
}

function connect(token: string, transport: string): Socket {
  return io(run.url, {
    ...tlsOptions,
    transports: [transport],
    forceNew: true,
    auth: { token },
    reconnectionDelay: 100,
  });
}

/** Socket.IO reconnects automatically, except after the server has closed the connection (docs/sockets.md). */
function reconnect({ socket }: Follower) {
  socket.on('disconnect', (reason) => reason === 'io server disconnect' && socket.connect());
}

function addRefetched(state: ChannelState, events: NumberedEvent[]): void {
  for (const { id, n } of events) {
    if (state.ids.has(id)) continue;
    state.numbers.push(n);
    state.ids.add(id);
    state.refetched.add(id);
  }
  state.numbers.sort((a, b) => a - b);
}

/**
 * Clients that follow channels: they resume after each reconnect, and refetch after a gap. The body of each message
 * is a number, increasing in each channel. Uses Socket.IO only, not our client.
 */
export function createFollowers(refetch: (channel: string) => Promise<NumberedEvent[]>) {
  const counts = { ...noCounts };
  const followers: Follower[] = [];

  async function refetchChannel(channel: string, state: ChannelState) {
    counts.gaps++;
    addRefetched(state, await refetch(channel));
  }

  async function subscribe(
    follower: Follower,
    channel: string,
    state: ChannelState,
  ): Promise<void> {
    const { socket, states } = follower;
    const before = state.position;
    const session = socket.id;
    state.isJoined = false;
    const response = await subscribeOn(socket, { channel, ...before }, (accepted) => {
      for (const event of accepted.events) handleEvent(counts, states, event);
      if (!accepted.recovered) {
        state.position = { epoch: accepted.epoch, offset: accepted.offset };
      }
      state.isJoined = true;
    });
    if (response?.ok) {
      if (before && !response.recovered) await refetchChannel(channel, state);
      return;
    }
    await Bun.sleep(200);
    if (socket.id === session) return subscribe(follower, channel, state);
  }

  function follow(token: string, channels: string[], transport: string): Follower {
    const socket = connect(token, transport);
    const states = new Map(channels.map((channel) => [channel, emptyState()]));
    const firstSubscription = Promise.withResolvers<void>();
    const follower: Follower = {
      socket,
      transport,
      states,
      ready: firstSubscription.promise,
      moves: [],
    };
    reconnect(follower);
    socket.on('event', (event: DurableEvent) => {
      if (states.get(event.channel)?.isJoined) handleEvent(counts, states, event);
    });
    socket.on('drain', () => {
      counts.drains++;
      follower.moves.push({ from: replicaOf(socket), to: undefined });
    });
    socket.on('connect', () => {
      counts.connections++;
      const move = follower.moves.at(-1);
      if (move) move.to ??= replicaOf(socket);
      const all = [...states].map((entry) => subscribe(follower, ...entry));
      void Promise.all(all).then(() => firstSubscription.resolve());
    });
    followers.push(follower);
    return follower;
  }

  return {
    counts,
    list: followers,
    follow,
    /** The states of all followers, by channel. */
    states: () => followers.flatMap(({ states }) => [...states]),
    ready: () => Promise.all(followers.map(({ ready }) => ready)),
    close() {
      for (const { socket } of followers) socket.disconnect();
    },
  };
}
