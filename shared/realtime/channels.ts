import type { Id } from '@insightdesk/shared/utils';

/** Names of the channels; shared with clients. */
export const Channels = {
  /** One person, on all devices. */
  userPrivate: (id: Id<'usr'>) => `private-user-${id}` as const,
  /** The staff of an organisation. */
  organization: (id: Id<'org'>) => `private-organization-${id}` as const,
  /** A conversation: its customer and the staff. */
  conversation: (id: Id<'cnv'>) => `private-conversation-${id}` as const,
  /** A conversation, staff only: internal notes. */
  conversationStaff: (id: Id<'cnv'>) => `private-conversation-${id}-staff` as const,
  /** Who of the staff is here. */
  organizationPresence: (id: Id<'org'>) => `presence-organization-${id}` as const,
  /** Who looks at a conversation. */
  conversationPresence: (id: Id<'cnv'>) => `presence-conversation-${id}` as const,
};

/** What a channel's name says. */
export type ParsedChannel =
  | { kind: 'user'; id: Id<'usr'> }
  | { kind: 'organization' | 'organization-presence'; id: Id<'org'> }
  | { kind: 'conversation' | 'conversation-staff' | 'conversation-presence'; id: Id<'cnv'> };

const shapes = [
  ['user', 'private-user-', 'usr', ''],
  ['organization', 'private-organization-', 'org', ''],
  ['conversation', 'private-conversation-', 'cnv', ''],
  ['conversation-staff', 'private-conversation-', 'cnv', '-staff'],
  ['organization-presence', 'presence-organization-', 'org', ''],
  ['conversation-presence', 'presence-conversation-', 'cnv', ''],
] as const;

const patterns = shapes.map(([kind, before, prefix, after]) => ({
  kind,
  pattern: new RegExp(`^${before}(${prefix}_[0-7][0-9a-hjkmnp-tv-z]{25})${after}$`),
}));

/** Takes a channel's name apart; undefined when there is no such channel. */
export function parseChannel(name: string): ParsedChannel | undefined {
  for (const { kind, pattern } of patterns) {
    const id = pattern.exec(name)?.[1];
    if (id !== undefined) return { kind, id } as ParsedChannel;
  }
  return undefined;
}
