import type { ChannelEvent } from '@insightdesk/shared/contract';
import type { Room } from './room.ts';

/** The one pub/sub topic that carries the appended events of all channels. */
export const TOPIC = 'realtime:events';

/** An event with the offset of the one before it, by which a gap shows. */
export interface Link {
  prev: number;
  event: ChannelEvent;
  /** `traceparent`, if its trace is recorded. */
  trace?: string;
}

/** Puts an event together from what the log keeps of it. */
export function toLink(epoch: string, prev: string, offset: string, body: string): Link {
  const { id, channel, type, data, at, trace } = JSON.parse(body) as ChannelEvent &
    Pick<Link, 'trace'>;
  return {
    prev: Number(prev),
    event: { id, channel, epoch, offset: Number(offset), type, data, at },
    ...(trace !== undefined && { trace }),
  };
}

/** Reads a publication, but only if its room is wanted: most are for other replicas' sockets. */
export function readPublication(text: string, wants: (room: Room) => boolean) {
  const room = text.slice(0, text.indexOf(' ')) as Room;
  if (!wants(room)) return undefined;
  const [epoch, prev, offset] = text.slice(room.length + 1, text.indexOf('{') - 1).split(' ');
  if (epoch === undefined || prev === undefined || offset === undefined) return undefined;
  return { room, link: toLink(epoch, prev, offset, text.slice(text.indexOf('{'))) };
}
