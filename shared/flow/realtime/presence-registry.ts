import type { Id } from '@insightdesk/shared/contract';
import type { Valkey } from '@insightdesk/shared/valkey';
import type { ClientContext, Result } from 'iovalkey';

/** The users with an open socket on any replica; those of a killed replica expire with their leases. */
export interface PresenceRegistry {
  /** The users of an organization with an open socket. */
  connectedUsers(tenantId: Id<'org'>): Promise<Set<Id<'usr'>>>;
  /** Counts one socket of this user here; visible to all replicas when it resolves. */
  connected(tenantId: Id<'org'>, userId: Id<'usr'>): Promise<void>;
  /** Counts one socket less; the user's lease here ends with the last one. */
  disconnected(tenantId: Id<'org'>, userId: Id<'usr'>): Promise<void>;
  /** Ends all leases of this replica. */
  close(): Promise<void>;
}

export interface PresenceRegistryOptions {
  onError: (error: unknown) => void;
  /** How long a user of a killed replica still counts as connected. */
  leaseMs?: number;
  renewMs?: number;
}

// By Valkey's clock: the clocks of machines differ.
const renewScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
redis.call('ZREMRANGEBYSCORE', KEYS[1], '-inf', now)
for i = 2, #ARGV do redis.call('ZADD', KEYS[1], now + ARGV[1], ARGV[i]) end
redis.call('PEXPIRE', KEYS[1], ARGV[1])
`;
const listScript = `
local time = redis.call('TIME')
local now = time[1] * 1000 + math.floor(time[2] / 1000)
return redis.call('ZRANGEBYSCORE', KEYS[1], '(' .. string.format('%.0f', now), '+inf')
`;

/** Creates the registry; it renews the leases of its own users while there are any. */
export function createPresenceRegistry(
  valkey: Valkey,
  { onError, leaseMs = 15_000, renewMs = 5_000 }: PresenceRegistryOptions,
): PresenceRegistry {
  valkey.defineCommand('presenceRenew', { numberOfKeys: 1, lua: renewScript });
  valkey.defineCommand('presenceList', { numberOfKeys: 1, lua: listScript, readOnly: true });
  const instance = crypto.randomUUID();
  const sockets = new Map<Id<'org'>, Map<Id<'usr'>, number>>();
  const memberOf = (userId: Id<'usr'>) => `${userId}|${instance}`;
  let renewing: Timer | undefined;

  async function renew() {
    const pipeline = valkey.pipeline();
    for (const [tenantId, users] of sockets) {
      pipeline.presenceRenew(keyOf(tenantId), leaseMs, ...[...users.keys()].map(memberOf));
    }
    const replies = await pipeline.exec();
    const errors = (replies ?? []).flatMap(([error]) => error ?? []);
    if (errors.length > 0)
      onError(new AggregateError(errors, 'Renewing the presence leases failed'));
  }

  function count(tenantId: Id<'org'>, userId: Id<'usr'>, change: 1 | -1): number {
    const users = sockets.get(tenantId) ?? new Map<Id<'usr'>, number>();
    const open = Math.max(0, (users.get(userId) ?? 0) + change);
    if (open > 0) sockets.set(tenantId, users.set(userId, open));
    else if (users.delete(userId) && users.size === 0) sockets.delete(tenantId);
    if (sockets.size === 0) renewing = void clearInterval(renewing);
    else renewing ??= setInterval(() => void renew().catch(onError), renewMs);
    return open;
  }

  return {
    async connected(tenantId, userId) {
      if (count(tenantId, userId, 1) > 1) return;
      await valkey.presenceRenew(keyOf(tenantId), leaseMs, memberOf(userId));
    },
    async disconnected(tenantId, userId) {
      if (count(tenantId, userId, -1) > 0) return;
      await valkey.zrem(keyOf(tenantId), memberOf(userId));
    },
    async connectedUsers(tenantId) {
      const members = (await valkey.presenceList(keyOf(tenantId))) as string[];
      return new Set(members.map((member) => member.split('|')[0] as Id<'usr'>));
    },
    async close() {
      clearInterval(renewing);
      const pipeline = valkey.pipeline();
      for (const [tenantId, users] of sockets) {
        pipeline.zrem(keyOf(tenantId), ...[...users.keys()].map(memberOf));
      }
      sockets.clear();
      await pipeline.exec();
    },
  };
}

const keyOf = (tenantId: Id<'org'>) => `presence:{${tenantId}}`;

declare module 'iovalkey' {
  interface RedisCommander<Context extends ClientContext = { type: 'default' }> {
    presenceRenew(...args: (string | number)[]): Result<unknown, Context>;
    presenceList(key: string): Result<unknown[], Context>;
  }
}
