import type { ChannelEvent } from '@insightdesk/shared/contract';
import type { Room } from './room.ts';

/** The one pub/sub topic that carries the appended events of all channels. */
export const TOPIC = 'realtime:events';

/** An event with the offset of its predecessor, which shows gaps. */
export interface LinkedEvent {
  prev: number;
  event: ChannelEvent;
  /** `traceparent` of a recorded trace. */
  trace?: string;
}

/** Creates an event from a log entry. */
export function toLinkedEvent(
  epoch: string,
  prev: string,
  offset: string,
  body: string,
): LinkedEvent {
  const { id, channel, type, data, at, trace } = JSON.parse(body) as ChannelEvent &
    Pick<LinkedEvent, 'trace'>;
  return {
    prev: Number(prev),
    event: { id, channel, epoch, offset: Number(offset), type, data, at },
    ...(trace !== undefined && { trace }),
  };
}

/** Parses a publication only if its room is wanted: most are for sockets of other replicas. */
export function readPublication(text: string, isWanted: (room: Room) => boolean) {
  const room = text.slice(0, text.indexOf(' ')) as Room;
  if (!isWanted(room)) return undefined;
  const [epoch, prev, offset] = text.slice(room.length + 1, text.indexOf('{') - 1).split(' ');
  if (epoch === undefined || prev === undefined || offset === undefined) return undefined;
  return { room, linked: toLinkedEvent(epoch, prev, offset, text.slice(text.indexOf('{'))) };
}
