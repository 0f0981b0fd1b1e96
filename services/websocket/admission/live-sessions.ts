import { standingOf } from '@insightdesk/shared/context';
import { Channels, type EndCode, Events, type Id } from '@insightdesk/shared/contract';
import { keyEvents } from '@insightdesk/shared/domain/identity/api-keys';
import { roleEvents } from '@insightdesk/shared/domain/identity/roles';
import { tenantEvents } from '@insightdesk/shared/domain/tenancy/tenants';
import { mapConcurrent, retry } from '@insightdesk/shared/promises';
import { type HubWatch, type Room, roomOf } from '@insightdesk/shared/realtime';
import type { Access } from '../connection/connection.ts';
import { PAGE_LENGTH, type SessionRecords } from './session-records.ts';

/** A connection, from before it is let in until it is gone. */
export interface Holder {
  readonly access: Access;
  /** Something may have happened to its session or role: what was asked before counts no more. */
  doubt(): void;
  end(code: EndCode): void;
}

/** Ends connections whose login session or role is no longer what their token says. */
export interface LiveSessions extends HubWatch {
  add(holder: Holder): void;
  delete(holder: Holder): void;
  /** Asks about everybody who is told of these rooms. */
  suspect(rooms: Iterable<Room>): void;
  close(): void;
}

const CONCURRENT_QUERIES = 4;
const telling: ReadonlySet<string> = new Set([
  tenantEvents.organizationDisabled.name,
  tenantEvents.organizationUpdated.name,
  Events.sessionRevoked,
  Events.memberRemoved,
  Events.memberUpdated,
  roleEvents.roleUpdated.name,
  keyEvents.keyRotated.name,
  keyEvents.keyOverlapEnded.name,
  keyEvents.keyRevoked.name,
]);

/**
 * An event on the channel of a user or an organisation is only the occasion: the database is asked
 * and decides. Occasions that come while it is being asked share the next question, and it is asked
 * until it answers.
 */
export function createLiveSessions(
  records: Pick<SessionRecords, 'list'>,
  onError: (error: unknown) => void,
): LiveSessions {
  const holders = new Map<Room, Set<Holder>>();
  const suspects = new Set<Room>();
  let isChecking = false;
  let isClosed = false;

  async function check(): Promise<void> {
    if (isChecking) return;
    isChecking = true;
    try {
      while (suspects.size > 0 && !isClosed) {
        const asked = new Set([...suspects].flatMap((room) => [...(holders.get(room) ?? [])]));
        suspects.clear();
        const tenants = Map.groupBy(asked, ({ access }) => access.tenantId);
        const pages = [...tenants].flatMap(([tenantId, all]) => pagesOf(tenantId, all));
        await mapConcurrent(pages, CONCURRENT_QUERIES, judge);
      }
    } finally {
      isChecking = false;
    }
  }

  async function judge({ tenantId, page }: ReturnType<typeof pagesOf>[number]): Promise<void> {
    const sessionIds = [...new Set(page.map(({ access }) => access.sessionId))];
    const shouldRetry = (error: unknown) => {
      onError(error);
      return !isClosed;
    };
    const patience = { attempts: Number.POSITIVE_INFINITY, baseMs: 100, maxMs: 2_000 };
    const live = await retry(() => records.list(tenantId, sessionIds), {
      ...patience,
      shouldRetry,
    });
    for (const holder of page) {
      const { sessionId } = holder.access;
      // It has another session by now, which was asked for after what it was doubted for.
      if (!sessionIds.includes(sessionId)) continue;
      const now = live.get(sessionId);
      if (now === undefined) holder.end('SESSION_ENDED');
      else if (now !== standingOf(holder.access)) holder.end('ACCESS_CHANGED');
    }
  }

  function suspect(rooms: Iterable<Room>): void {
    for (const room of rooms) {
      suspects.add(room);
      for (const holder of holders.get(room) ?? []) holder.doubt();
    }
    check().catch(onError);
  }

  return {
    add(holder) {
      for (const room of roomsOf(holder)) {
        holders.set(room, (holders.get(room) ?? new Set()).add(holder));
      }
    },
    delete(holder) {
      for (const room of roomsOf(holder)) {
        const rest = holders.get(room);
        if (rest?.delete(holder) && rest.size === 0) holders.delete(room);
      }
    },
    suspect,
    wants: (room) => holders.has(room),
    event(room, { type }) {
      if (telling.has(type) && holders.has(room)) suspect([room]);
    },
    missed: () => suspect(holders.keys()),
    close() {
      isClosed = true;
    },
  };
}

/** Where it is told what becomes of a holder: an open socket keeps its user and organisation. */
const roomsOf = ({ access: { userId, tenantId } }: Holder): Room[] => [
  roomOf(tenantId, Channels.userPrivate(userId)),
  roomOf(tenantId, Channels.organization(tenantId)),
];

function pagesOf(tenantId: Id<'org'>, all: Holder[]) {
  const count = Math.ceil(all.length / PAGE_LENGTH);
  return Array.from({ length: count }, (_, i) => ({
    tenantId,
    page: all.slice(i * PAGE_LENGTH, (i + 1) * PAGE_LENGTH),
  }));
}
