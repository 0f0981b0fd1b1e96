import { Events, type PresentMember } from '../shared/contract/shapes.ts';
import type { ChannelListener } from './channel-subscription.ts';
import { type MemberChange, MemberList } from './member-list.ts';
import { backoffMs } from './sleep.ts';
import { Typing } from './typing.ts';

/** Callbacks for a presence channel. */
export interface PresenceListener {
  /** All members, at first and after each change. */
  onMembersChange?(members: readonly PresentMember[]): void;
  /** One change after the first list, also of those that happened while disconnected. */
  onMemberChange?(change: MemberChange): void;
  /** The ids of the users who are typing, after each change. */
  onTypingChange?(userIds: readonly string[]): void;
  /** The subscription has ended: it was refused, the session ended, or the client was closed. */
  onEnd?(error: Error): void;
}

/** A subscription to a presence channel, which makes this user a member. */
export interface Presence {
  readonly channel: string;
  /** Settles with the first response of the subscription. */
  readonly ready: Promise<void>;
  /** The known members, this user included; at most 500. */
  readonly members: readonly PresentMember[];
  readonly typing: readonly string[];
  /** Publishes that this user is typing (call it with every key) or, with `false`, no longer. */
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
  /** Requests the members on the open connection; undefined without a response. */
  listMembers: () => Promise<PresentMember[] | undefined>;
  onError: (error: unknown) => void;
}

/** Creates a presence whose members stay current over reconnects. */
export function createPresence({
  channel,
  listener,
  subscribe,
  listMembers,
  onError,
}: PresenceOptions): Presence {
  const members = new MemberList();
  const typing = new Typing({
    publish: (type, data) => subscription.publish(type, data),
    onChange: (userIds) => notify(() => listener.onTypingChange?.(userIds)),
  });
  let attempt = 0;

  // An error of a callback is the app's: it ends nothing here.
  function notify(callback: () => void): void {
    try {
      callback();
    } catch (error) {
      onError(error);
    }
  }

  function notifyChanges(changes: MemberChange[] | undefined): void {
    if (changes?.length === 0) return;
    notify(() => listener.onMembersChange?.(members.all));
    for (const change of changes ?? []) {
      notify(() => listener.onMemberChange?.(change));
      if (change.change === 'left') typing.stop(change.member.userId);
    }
  }

  async function load(current: number, tries = 1): Promise<void> {
    const listed = await listMembers();
    if (current !== attempt) return;
    if (listed) return notifyChanges(members.load(listed));
    setTimeout(() => {
      if (current === attempt) void load(current, tries + 1);
    }, backoffMs(tries));
  }

  function close(): void {
    attempt++;
    typing.close();
  }

  const subscription = subscribe({
    onSubscribed() {
      members.startLoading();
      void load(++attempt);
    },
    onEvent({ type, data }) {
      if (type === Events.presenceChanged) notifyChanges(members.apply(data));
    },
    onGap() {},
    onSignal: (signal) => typing.onSignal(signal),
    onEnd(error) {
      close();
      notify(() => listener.onEnd?.(error));
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
    setTyping: (isTyping = true) => typing.setOwn(isTyping),
    close() {
      close();
      subscription.close();
    },
  };
}
