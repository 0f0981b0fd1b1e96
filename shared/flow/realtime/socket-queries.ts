import type { Id } from '@insightdesk/shared/contract';
import { UnavailableError } from '@insightdesk/shared/errors';
import { withTimeout } from '@insightdesk/shared/promises';
import type { Valkey } from '@insightdesk/shared/valkey';

/** One open socket on some replica. */
export interface OpenSocket {
  socketId: string;
  userId: Id<'usr'>;
}

/** A user in one organization. */
export interface SocketOwner {
  tenantId: Id<'org'>;
  userId: Id<'usr'>;
}

/** What a user shows to others, on all open sockets. */
export interface PresenceUpdate extends SocketOwner {
  status: string;
  metadata: Record<string, unknown> | null;
}

/** Sockets over all replicas, from any process; throws UnavailableError when a replica is silent. */
export interface Sockets {
  /** The channels of one socket, or of all sockets of a member. */
  getClientChannels(client: { socketId: string } | SocketOwner): Promise<string[]>;
  /** The sockets subscribed to a channel of an organization, at most 1,000 of each replica. */
  getChannelClients(channel: { tenantId: Id<'org'>; channel: string }): Promise<OpenSocket[]>;
  /** Sets the presence of a member on all open sockets; resolves with their number. */
  setPresence(update: PresenceUpdate): Promise<number>;
}

/** What a replica does with its own sockets. */
export type SocketQuery =
  | { kind: 'channels'; client: { socketId: string } | SocketOwner }
  | { kind: 'clients'; tenantId: Id<'org'>; channel: string }
  | { kind: 'presence'; update: PresenceUpdate };

/** A query as it is published to the replicas. */
export interface SocketQueryMessage {
  id: string;
  query: SocketQuery;
  replyTo: string;
}

/** The answer of one replica: channels, sockets, or the number of updated sockets. */
export interface SocketQueryAnswer {
  id: string;
  channels: string[];
  sockets: OpenSocket[];
  updated: number;
}

/** The topic of queries, which every replica is subscribed to. */
export const SOCKET_QUERIES_TOPIC = 'realtime:socket-queries';

interface SocketsOptions {
  publisher: Valkey;
  /** Connects with role `subscriber`; called with the first query. */
  connect: () => Valkey;
  timeoutMs?: number;
}

interface Pending {
  answers: SocketQueryAnswer[];
  /** Unknown until the query is published. */
  expected: number;
  resolve(answers: SocketQueryAnswer[]): void;
}

/** Asks all replicas about their sockets; for occasional use, since each of them answers. */
export function createSockets({ publisher, connect, timeoutMs = 2_000 }: SocketsOptions) {
  const replyTo = `realtime:socket-answers:${crypto.randomUUID()}`;
  const pending = new Map<string, Pending>();
  let subscriber: Valkey | undefined;
  let listening: Promise<unknown> | undefined;

  function settle(query: Pending) {
    if (query.answers.length >= query.expected) query.resolve(query.answers);
  }

  function onMessage(_topic: string, text: string) {
    const answer = JSON.parse(text) as SocketQueryAnswer;
    const query = pending.get(answer.id);
    query?.answers.push(answer);
    if (query) settle(query);
  }

  function listen(): Promise<unknown> {
    subscriber ??= connect().on('message', onMessage);
    listening ??= subscriber.subscribe(replyTo).catch((error: unknown) => {
      listening = undefined;
      throw error;
    });
    return listening;
  }

  async function ask(query: SocketQuery): Promise<SocketQueryAnswer[]> {
    const id = crypto.randomUUID();
    const { promise, resolve } = Promise.withResolvers<SocketQueryAnswer[]>();
    const own: Pending = { answers: [], expected: Number.POSITIVE_INFINITY, resolve };
    pending.set(id, own);
    const run = async () => {
      await listen();
      const message: SocketQueryMessage = { id, query, replyTo };
      own.expected = await publisher.publish(SOCKET_QUERIES_TOPIC, JSON.stringify(message));
      settle(own);
      return promise;
    };
    try {
      return await withTimeout(run, timeoutMs);
    } catch (cause) {
      throw new UnavailableError('Not every replica has answered, try again', { cause });
    } finally {
      pending.delete(id);
    }
  }

  const sockets: Sockets = {
    async getClientChannels(client) {
      const answers = await ask({ kind: 'channels', client });
      return [...new Set(answers.flatMap(({ channels }) => channels))].sort();
    },
    async getChannelClients(channel) {
      return (await ask({ kind: 'clients', ...channel })).flatMap((answer) => answer.sockets);
    },
    async setPresence(update) {
      const answers = await ask({ kind: 'presence', update });
      return answers.reduce((sum, { updated }) => sum + updated, 0);
    },
  };
  return { ...sockets, close: () => subscriber?.disconnect() };
}
