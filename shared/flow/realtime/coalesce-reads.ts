import type { Position } from '@insightdesk/shared/contract';
import type { ChannelLog, LogSnapshot } from './channel-log.ts';
import type { Room } from './room.ts';

/**
 * Runs one read of a room and position at a time; calls that come meanwhile share the next one,
 * because after a deploy all clients come back at once, from the same positions. No call gets the
 * result of a read that began before it.
 */
export function coalesceReads(read: ChannelLog['read']): ChannelLog['read'] {
  const running = new Map<string, Promise<LogSnapshot>>();
  const queued = new Map<string, Promise<LogSnapshot>>();

  function start(key: string, room: Room, after: Position | undefined): Promise<LogSnapshot> {
    const reading = read(room, after).finally(() => running.delete(key));
    running.set(key, reading);
    return reading;
  }

  return (room, after) => {
    const key = after ? `${room} ${after.epoch} ${after.offset}` : room;
    const next = queued.get(key);
    if (next) return next;
    const current = running.get(key);
    if (!current) return start(key, room, after);
    const startNext = () => {
      queued.delete(key);
      return start(key, room, after);
    };
    const following = current.then(startNext, startNext);
    queued.set(key, following);
    return following;
  };
}
