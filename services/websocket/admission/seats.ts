import type { Id } from '@insightdesk/shared/contract';
import { TooManyRequestsError } from '@insightdesk/shared/errors';
import { network } from '@insightdesk/shared/http';
import { type ChannelHubOptions, socketsOf } from '@insightdesk/shared/realtime';
import { type CountLimit, createSeatCounts, type SeatCountsOptions } from './seat-counts.ts';

/** Who wants to be connected. */
export interface Guest {
  userId: Id<'usr'>;
  tenantId: Id<'org'>;
  ip: string;
}

/** One open socket among those that are counted. */
export interface Seat {
  /** Throws 429 TOO_MANY_CONNECTIONS when there are as many as may be. */
  confirm(): Promise<void>;
  /** Counts it out again; once, however often it is called. */
  release(): void;
}

/** Limits how many sockets a user, an organisation and an address have, over all replicas. */
export interface Seats {
  take(guest: Guest): Seat;
  /** From now on this replica's counts are renewed. */
  start(): void;
  /** Sockets that were let in by this replica's own counts alone, since the start. */
  unchecked(): number;
  close(): Promise<void>;
}

export type SeatLimits = Record<'user' | 'organization' | 'address', number>;

export interface SeatsOptions extends SeatCountsOptions {
  limits: SeatLimits;
  /** An organisation's own limit, in place of the general one. */
  limitOf?: (tenantId: Id<'org'>) => number;
}

/** Scripts compare it as a number. */
const MOST = Number.MAX_SAFE_INTEGER;

interface SeatLimit extends CountLimit {
  kind: keyof SeatLimits;
}

/**
 * Builds one replica's share. It fails open: while Valkey is away each replica goes by its own
 * counts, so N replicas let up to N times the limit in.
 */
export function createSeats(
  valkey: ChannelHubOptions['subscriber'],
  { limits, limitOf = () => limits.organization, ...options }: SeatsOptions,
): Seats {
  const counts = createSeatCounts(valkey, options);
  let unchecked = 0;

  async function confirm(own: readonly SeatLimit[]): Promise<void> {
    const here = own.find(({ field, limit }) => counts.of(field) > limit);
    const full = here ?? (await counts.firstExceeded(own));
    if (full === undefined) unchecked++;
    else if (full !== 'none') throw tooMany(full);
  }

  return {
    take({ userId, tenantId, ip }) {
      const own: SeatLimit[] = [
        { kind: 'user', field: `user:${userId}`, limit: limits.user },
        {
          kind: 'organization',
          field: socketsOf(tenantId),
          limit: Math.min(limitOf(tenantId), MOST),
        },
        { kind: 'address', field: `address:${network(ip)}`, limit: limits.address },
      ];
      for (const { field } of own) counts.add(field);
      let isTaken = true;
      return {
        confirm: () => confirm(own),
        release() {
          if (isTaken) for (const { field } of own) counts.remove(field);
          isTaken = false;
        },
      };
    },
    start: counts.start,
    unchecked: () => unchecked,
    close: counts.close,
  };
}

/** For when nothing is limited: how many sockets an organisation has is told all the same. */
export function countSeats(
  valkey: ChannelHubOptions['subscriber'],
  options: SeatCountsOptions,
): Seats {
  const counts = createSeatCounts(valkey, options);
  return {
    take({ tenantId }) {
      const field = socketsOf(tenantId);
      counts.add(field);
      counts.tell(field);
      let isTaken = true;
      return {
        confirm: () => Promise.resolve(),
        release() {
          if (isTaken) counts.remove(field);
          isTaken = false;
        },
      };
    },
    start: counts.start,
    unchecked: () => 0,
    close: counts.close,
  };
}

const anySeat: Seat = { confirm: () => Promise.resolve(), release() {} };

/** For when nothing is limited, and nobody asks. */
export const endlessSeats: Seats = {
  take: () => anySeat,
  start() {},
  unchecked: () => 0,
  close: () => Promise.resolve(),
};

const whose: Record<keyof SeatLimits, string> = {
  user: 'One person',
  organization: 'An organisation',
  address: 'An address',
};

function tooMany({ kind, limit }: SeatLimit): TooManyRequestsError {
  return new TooManyRequestsError(
    `${whose[kind]} may have ${limit} connections at a time; close one or try again later`,
    { code: 'TOO_MANY_CONNECTIONS', errors: [{ path: kind, message: `${limit} at a time` }] },
  );
}
