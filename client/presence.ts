import { Events, type PresentMember } from '../shared/contract/shapes.ts';
import type { ChannelListener } from './follower.ts';
import { type MemberChange, MemberList } from './member-list.ts';
import { Typing } from './typing.ts';
import { backoffMs } from './wait.ts';

/** What an app wants to hear of who is in a presence channel. */
export interface PresenceListener {
  /** Everyone who is here, at first and after each change. */
  onMembers?(members: readonly PresentMember[]): void;
  /** One of them, after the first list; also what happened while the connection was away. */
  onChange?(change: MemberChange): void;
  /** The ids of those who are typing, after each change. */
  onTyping?(userIds: readonly string[]): void;
  /** It is over: the channel was refused, the session has ended, or the client was closed. */
  onEnd?(error: Error): void;
}

/** One listener's part in a presence channel, as one of its members. */
export interface Presence {
  readonly channel: string;
  /** Settles with the first answer of the subscription. */
  readonly ready: Promise<void>;
  /** Everyone who is here as far as known, oneself included; at most 500. */
  readonly members: readonly PresentMember[];
  readonly typing: readonly string[];
  /** Says that this person is typing (call it with every key) or, with `false`, no longer. */
  setTyping(isTyping?: boolean): void;
  close(): void;
}

interface PresenceOptions {
  channel: string;
  listener: PresenceListener;
  subscribe: (listener: ChannelListener) => {
    readonly ready: Promise<void>;
    publish(type: string, data: unknown): void;
    close(): void;
  };
  /** Asks who is here on the open connection; undefined when no answer came. */
  list: () => Promise<PresentMember[] | undefined>;
  onError: (error: unknown) => void;
}

/** Keeps the members of a presence channel current over any number of connections. */
export function openPresence({
  channel,
  listener,
  subscribe,
  list,
  onError,
}: PresenceOptions): Presence {
  const members = new MemberList();
  const typing = new Typing({
    publish: (type, data) => subscription.publish(type, data),
    onChange: (userIds) => tell(() => listener.onTyping?.(userIds)),
  });
  let attempt = 0;

  // What a callback throws is the app's: it ends nothing here.
  function tell(say: () => void): void {
    try {
      say();
    } catch (error) {
      onError(error);
    }
  }

  function show(changes: MemberChange[] | undefined): void {
    if (changes?.length === 0) return;
    tell(() => listener.onMembers?.(members.all));
    for (const change of changes ?? []) {
      tell(() => listener.onChange?.(change));
      if (change.change === 'left') typing.stop(change.member.userId);
    }
  }

  async function fetch(current: number, tries = 1): Promise<void> {
    const listed = await list();
    if (current !== attempt) return;
    if (listed) return show(members.list(listed));
    setTimeout(() => {
      if (current === attempt) void fetch(current, tries + 1);
    }, backoffMs(tries));
  }

  function close(): void {
    attempt++;
    typing.close();
  }

  const subscription = subscribe({
    onJoined() {
      members.await();
      void fetch(++attempt);
    },
    onEvent({ type, data }) {
      if (type === Events.presenceChanged) show(members.change(data));
    },
    onGap() {},
    onSignal: (signal) => typing.hear(signal),
    onEnd(error) {
      close();
      tell(() => listener.onEnd?.(error));
    },
  });

  return {
    channel,
    ready: subscription.ready,
    get members() {
      return members.all;
    },
    get typing() {
      return typing.userIds;
    },
    setTyping: (isTyping = true) => typing.say(isTyping),
    close() {
      close();
      subscription.close();
    },
  };
}
