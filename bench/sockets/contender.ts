import { join } from 'node:path';
import { newId } from '@insightdesk/shared/utils';
import { startChild } from './child.ts';
import type { Target } from './raw-client.ts';

/** A realtime system under measurement: two replicas, clients on one, events published by the other or by a commit. */
export interface Side {
  name: string;
  /** The pid of the replica of the clients. */
  pid(): number;
  /** Channels that clients can subscribe to. */
  targets(): Target[];
  /** Publishes events to a channel. Returns the time from which latency is measured. */
  publish(channel: string, count: number): Promise<number>;
  stop(): Promise<void>;
}

const userId = newId('usr');

/** The data of an event, the same on all sides. */
export const createEventData = (textLength: number) =>
  ({ userId, name: 'x'.repeat(textLength), role: 'agent' }) as const;

/** The size of a short message. */
export const TEXT_LENGTH = 200;

const server = join(import.meta.dir, 'bare-server.mjs');

/** Socket.IO with its Redis adapter. Events are published on the other replica. */
export async function startBare(
  runtime: 'bun' | 'node',
  { valkey, channels, textLength = TEXT_LENGTH }: BareOptions,
): Promise<Side> {
  const command = [runtime === 'bun' ? process.execPath : 'node', server];
  const env = { VALKEY_URL: valkey, BARE_KEY: `bare-${crypto.randomUUID()}` };
  const [replica, otherReplica] = await Promise.all([
    startChild(command, env),
    startChild(command, env),
  ]);
  const url = `http://127.0.0.1:${replica.greeting}`;
  const data = createEventData(textLength);
  return {
    name: runtime,
    pid: () => replica.pid,
    targets: () => channels.map((channel) => ({ url, token: '', channel })),
    publish: async (channel, count) =>
      otherReplica.toLocalTime(
        await otherReplica.request<number>('publish', { channel, data, count }),
      ),
    stop: async () => void (await Promise.all([replica.stop(), otherReplica.stop()])),
  };
}

interface BareOptions {
  valkey: string;
  channels: string[];
  textLength?: number;
}
