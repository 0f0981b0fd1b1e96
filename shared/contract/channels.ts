import type { Id, IdPrefix } from './ids.ts';

/** Names of the channels; shared with clients. */
export const Channels = {
  /** One user, on all devices. */
  userPrivate: (id: Id<'usr'>) => `private-user-${id}` as const,
  /** The staff of an organization. */
  organization: (id: Id<'org'>) => `private-organization-${id}` as const,
  /** Everyone in an organization, customers too, whatever their permissions. */
  organizationPublic: (id: Id<'org'>) => `public-organization-${id}` as const,
  /** A conversation, for its customer and the staff. */
  conversation: (id: Id<'cnv'>) => `private-conversation-${id}` as const,
  /** A conversation, staff only: internal notes. */
  conversationStaff: (id: Id<'cnv'>) => `private-conversation-${id}-staff` as const,
  /** Presence of the staff. */
  organizationPresence: (id: Id<'org'>) => `presence-organization-${id}` as const,
  /** Presence in a conversation. */
  conversationPresence: (id: Id<'cnv'>) => `presence-conversation-${id}` as const,
};

type NamesIn<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** The ids of a pattern such as `private-conversation-{cnv}`, by prefix. */
export type IdsIn<P extends string> = { [N in NamesIn<P> & IdPrefix]: Id<N> };

const validPattern = /^(private|presence|public)(-([a-z][a-z0-9]*|\{[a-z]{3}\}))+$/;
const regexCache = new Map<string, RegExp>();

/** The ids in the name of a channel, or undefined when it does not match the pattern. */
export function matchChannel<P extends string>(pattern: P, name: string): IdsIn<P> | undefined {
  const found = compile(pattern).exec(name);
  return found ? ({ ...found.groups } as IdsIn<P>) : undefined;
}

/** Throws unless the pattern consists of exact words and ids. */
function compile(pattern: string): RegExp {
  const cached = regexCache.get(pattern);
  if (cached) return cached;
  if (!validPattern.test(pattern)) throw new Error(`Invalid channel pattern ${pattern}`);
  const source = pattern.replace(/\{(\w+)\}/g, '(?<$1>$1_[0-7][0-9a-hjkmnp-tv-z]{25})');
  const regex = new RegExp(`^${source}$`);
  regexCache.set(pattern, regex);
  return regex;
}
