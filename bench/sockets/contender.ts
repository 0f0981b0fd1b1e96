import { join } from 'node:path';
import { newId } from '@insightdesk/shared/utils';
import { startChild } from './child.ts';
import type { Target } from './raw-client.ts';

/** One of the systems under comparison: two replicas, clients on one, events from elsewhere. */
export interface Side {
  name: string;
  /** The process that the clients are connected to. */
  pid(): number;
  /** Channels that clients may subscribe to. */
  targets(): Target[];
  /** Sends events to a channel; resolves with the instant at which they were let go. */
  publish(channel: string, count: number): Promise<number>;
  stop(): Promise<void>;
}

const userId = newId('usr');

/** What an event tells: the same on every side. */
export const eventData = (textLength: number) =>
  ({ userId, name: 'x'.repeat(textLength), role: 'agent' }) as const;

/** About as much as a short message. */
export const TEXT_LENGTH = 200;

const server = join(import.meta.dir, 'bare-server.mjs');

/** Bare Socket.IO with its Redis adapter; events are published on the other replica. */
export async function startBare(
  runtime: 'bun' | 'node',
  { valkey, channels, textLength = TEXT_LENGTH }: BareOptions,
): Promise<Side> {
  const command = [runtime === 'bun' ? process.execPath : 'node', server];
  const env = { VALKEY_URL: valkey, BARE_KEY: `bare-${crypto.randomUUID()}` };
  const [near, far] = await Promise.all([startChild(command, env), startChild(command, env)]);
  const url = `http://127.0.0.1:${near.greeting}`;
  const data = eventData(textLength);
  return {
    name: runtime,
    pid: () => near.pid,
    targets: () => channels.map((channel) => ({ url, token: '', channel })),
    publish: async (channel, count) =>
      far.toOurs(await far.ask<number>('publish', { channel, data, count })),
    stop: async () => void (await Promise.all([near.stop(), far.stop()])),
  };
}

interface BareOptions {
  valkey: string;
  channels: string[];
  textLength?: number;
}
