import type { Position, Snapshot } from '@insightdesk/shared/contract';
import type { ChannelLog } from './channel-log.ts';
import type { Room } from './room.ts';

/**
 * Of the reads of a room from the same position one is under way at a time, and whoever asks
 * meanwhile shares the next: after a deploy all come back at once, from where they all were. No
 * answer comes from a read that had begun before it was asked for.
 */
export function shareReads(read: ChannelLog['read']): ChannelLog['read'] {
  const underWay = new Map<string, Promise<Snapshot>>();
  const waiting = new Map<string, Promise<Snapshot>>();

  function begin(key: string, room: Room, after: Position | undefined): Promise<Snapshot> {
    const reading = read(room, after).finally(() => underWay.delete(key));
    underWay.set(key, reading);
    return reading;
  }

  return (room, after) => {
    const key = after ? `${room} ${after.epoch} ${after.offset}` : room;
    const next = waiting.get(key);
    if (next) return next;
    const before = underWay.get(key);
    if (!before) return begin(key, room, after);
    const follow = () => {
      waiting.delete(key);
      return begin(key, room, after);
    };
    const following = before.then(follow, follow);
    waiting.set(key, following);
    return following;
  };
}
