import type { Id } from '@insightdesk/shared/contract';
import { TooManyRequestsError } from '@insightdesk/shared/errors';
import { type ChannelHubOptions, organizationField } from '@insightdesk/shared/realtime';
import { ipPrefix } from '@insightdesk/shared/utils';
import {
  type ConnectionCountsOptions,
  type CountLimit,
  createConnectionCounts,
} from './connection-counts.ts';

/** The user, organization and address that a connection counts towards. */
export interface ConnectingClient {
  userId: Id<'usr'>;
  tenantId: Id<'org'>;
  ip: string;
}

/** One counted connection. */
interface ConnectionSlot {
  /** Throws 429 TOO_MANY_CONNECTIONS when a limit is exceeded. */
  confirm(): Promise<void>;
  /** Gives the slot back; only the first call counts. */
  release(): void;
}

/** Limits the sockets of a user, an organization and an address, over all replicas. */
export interface ConnectionLimits {
  reserve(client: ConnectingClient): ConnectionSlot;
  /** Begins to renew this replica's counts. */
  start(): void;
  /** Sockets accepted by this replica's own counts alone since the start, without Valkey. */
  uncheckedCount(): number;
  close(): Promise<void>;
}

export type MaxConnections = Record<'user' | 'organization' | 'address', number>;

interface ConnectionLimitsOptions extends ConnectionCountsOptions {
  limits: MaxConnections;
  /** The limit of one organization; the general one unless given. */
  limitOf?: (tenantId: Id<'org'>) => number;
}

/** Lua compares limits as numbers. */
const MAX_LIMIT = Number.MAX_SAFE_INTEGER;

interface ConnectionLimit extends CountLimit {
  kind: keyof MaxConnections;
}

/**
 * Creates one replica's part of the limits. It fails open: without Valkey each replica uses its own
 * counts, so N replicas accept up to N times the limit.
 */
export function createConnectionLimits(
  valkey: ChannelHubOptions['subscriber'],
  { limits, limitOf = () => limits.organization, ...options }: ConnectionLimitsOptions,
): ConnectionLimits {
  const counts = createConnectionCounts(valkey, options);
  let unchecked = 0;

  async function confirm(own: readonly ConnectionLimit[]): Promise<void> {
    const exceededHere = own.find(({ field, limit }) => counts.get(field) > limit);
    const exceeded = exceededHere ?? (await counts.findExceeded(own));
    if (exceeded === undefined) unchecked++;
    else if (exceeded !== 'none') throw tooMany(exceeded);
  }

  return {
    reserve({ userId, tenantId, ip }) {
      const own: ConnectionLimit[] = [
        { kind: 'user', field: `user:${userId}`, limit: limits.user },
        {
          kind: 'organization',
          field: organizationField(tenantId),
          limit: Math.min(limitOf(tenantId), MAX_LIMIT),
        },
        { kind: 'address', field: `address:${ipPrefix(ip)}`, limit: limits.address },
      ];
      const fields = own.map(({ field }) => field);
      return reserveSlot(counts, fields, () => confirm(own));
    },
    start: counts.start,
    uncheckedCount: () => unchecked,
    close: counts.close,
  };
}

function reserveSlot(
  counts: ReturnType<typeof createConnectionCounts>,
  fields: readonly string[],
  confirm: ConnectionSlot['confirm'],
): ConnectionSlot {
  for (const field of fields) counts.increment(field);
  let isReserved = true;
  return {
    confirm,
    release() {
      if (isReserved) for (const field of fields) counts.decrement(field);
      isReserved = false;
    },
  };
}

/** Counts the sockets of organizations without limiting them: their number is still reported. */
export function countConnections(
  valkey: ChannelHubOptions['subscriber'],
  options: ConnectionCountsOptions,
): ConnectionLimits {
  const counts = createConnectionCounts(valkey, options);
  return {
    reserve({ tenantId }) {
      const field = organizationField(tenantId);
      counts.publish(field);
      return reserveSlot(counts, [field], () => Promise.resolve());
    },
    start: counts.start,
    uncheckedCount: () => 0,
    close: counts.close,
  };
}

const unlimitedSlot: ConnectionSlot = { confirm: () => Promise.resolve(), release() {} };

/** Neither limits nor counts. */
export const unlimitedConnections: ConnectionLimits = {
  reserve: () => unlimitedSlot,
  start() {},
  uncheckedCount: () => 0,
  close: () => Promise.resolve(),
};

const subjects: Record<keyof MaxConnections, string> = {
  user: 'A user',
  organization: 'An organization',
  address: 'An address',
};

function tooMany({ kind, limit }: ConnectionLimit): TooManyRequestsError {
  return new TooManyRequestsError(
    `${subjects[kind]} may have ${limit} connections at a time; close one or try again later`,
    { code: 'TOO_MANY_CONNECTIONS', errors: [{ path: kind, message: `${limit} at a time` }] },
  );
}
