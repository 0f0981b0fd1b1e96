import { io, type Socket } from 'socket.io-client';
import { call, type DurableEvent, type Person, run, subscribeOn, tlsOptions } from './client.ts';

/** What a client knows of one channel: what it received, and where it stands. */
export interface ChannelState {
  numbers: number[];
  ids: Set<string>;
  /** What it knows from a refetch; the log may still bring it. */
  refetched: Set<string>;
  position: { epoch: string; offset: number } | undefined;
  /** Its last subscribe was accepted; until then the channel's events are in the answer to come. */
  isJoined: boolean;
}

export interface Follower {
  socket: Socket;
  transport: string;
  states: Map<string, ChannelState>;
  /** Subscribed to everything for the first time. */
  ready: Promise<void>;
  /** Where it was each time it was told to go, and where it came up after. */
  moves: { from: string; to: string | undefined }[];
  /** Codes of refused connections. */
  refusals: string[];
}

/** A numbered event as the source of truth has it. */
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

/** Opens conversations; their staff channels carry notes and nothing else. */
export async function openStaffChannels(owner: Person, count: number): Promise<string[]> {
  const opened: string[] = [];
  for (let i = 0; i < count; i++) {
    const body = { subject: `Channel ${i}`, body: 'x' };
    const answer = await call('POST', '/v1/conversations', { token: owner.token, body });
    opened.push(`private-conversation-${answer.body.id}-staff`);
  }
  return opened;
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
  const isBehind = position?.epoch === epoch && offset <= position.offset;
  if (isBehind || (isKnown && !refetched.has(id))) counts.repeated++;
  state.position = { epoch, offset };
  const n = Number(data.body);
  if (Number.isNaN(n) || isKnown) return;
  ids.add(id);
  if ((state.numbers.at(-1) ?? -1) >= n) counts.disordered++;
  state.numbers.push(n);
}

const isStuck =
  (total: number) =>
  ({ states }: Follower) =>
    [...states.values()].some(({ numbers }) => numbers.length < total);

const describe = ({ socket, states, refusals }: Follower) => ({
  replica: socket.connected ? replicaOf(socket) : 'none',
  joined: [...states.values()].filter(({ isJoined }) => isJoined).length,
  refusals,
});

function connect(token: string, transport: string): Socket {
  return io(run.url, {
    ...tlsOptions,
    transports: [transport],
    forceNew: true,
    auth: { token },
    reconnectionDelay: 100,
  });
}

/** Socket.IO comes back by itself, but not after the server said goodbye (docs/sockets.md). */
function reconnect({ socket, refusals }: Follower) {
  socket.on('connect_error', ({ message }) => refusals.push(message));
  socket.on('closing', ({ code }) => refusals.push(code));
  socket.on('disconnect', (reason) => reason === 'io server disconnect' && socket.connect());
}

/**
 * Clients by contract.md alone: each resumes after every reconnect, and refetches when it is told
 * of a gap. Their events carry a number as the message's body, rising in each channel.
 */
export function createFollowers(refetch: (channel: string) => Promise<NumberedEvent[]>) {
  const counts = { ...noCounts };
  const followers: Follower[] = [];

  async function refetchChannel(channel: string, state: ChannelState) {
    counts.gaps++;
    for (const { id, n } of await refetch(channel)) {
      if (state.ids.has(id)) continue;
      state.numbers.push(n);
      state.ids.add(id);
      state.refetched.add(id);
    }
    state.numbers.sort((a, b) => a - b);
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
    const answer = await subscribeOn(socket, { channel, ...before }, (accepted) => {
      for (const event of accepted.events) handleEvent(counts, states, event);
      if (!accepted.recovered) {
        state.position = { epoch: accepted.epoch, offset: accepted.offset };
      }
      state.isJoined = true;
    });
    if (answer?.ok) {
      if (before && !answer.recovered) await refetchChannel(channel, state);
      return;
    }
    await Bun.sleep(200);
    if (socket.id === session) return subscribe(follower, channel, state);
  }

  function follow(token: string, channels: string[], transport: string): Follower {
    const socket = connect(token, transport);
    const states = new Map(channels.map((channel) => [channel, emptyState()]));
    const first = Promise.withResolvers<void>();
    const follower: Follower = {
      socket,
      transport,
      states,
      ready: first.promise,
      moves: [],
      refusals: [],
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
      void Promise.all(all).then(() => first.resolve());
    });
    followers.push(follower);
    return follower;
  }

  return {
    counts,
    list: followers,
    follow,
    /** Every state of every follower. */
    states: () => followers.flatMap(({ states }) => [...states]),
    /** How those stand who have heard less than `total` in some channel. */
    listStuck: (total: number) => followers.filter(isStuck(total)).map(describe),
    ready: () => Promise.all(followers.map(({ ready }) => ready)),
    close() {
      for (const { socket } of followers) socket.disconnect();
    },
  };
}
