import type { Id, IdPrefix } from './ids.ts';

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

type NamesIn<P extends string> = P extends `${string}{${infer Name}}${infer Rest}`
  ? Name | NamesIn<Rest>
  : never;

/** The ids that a pattern such as `private-conversation-{cnv}` names, by their prefixes. */
export type IdsIn<P extends string> = { [N in NamesIn<P> & IdPrefix]: Id<N> };

const shape = /^(private|presence|public)(-([a-z][a-z0-9]*|\{[a-z]{3}\}))+$/;
const compiled = new Map<string, RegExp>();

/** The ids in a channel's name, or undefined when it is not of this pattern. */
export function matchChannel<P extends string>(pattern: P, name: string): IdsIn<P> | undefined {
  const found = compile(pattern).exec(name);
  return found ? ({ ...found.groups } as IdsIn<P>) : undefined;
}

/** Throws when the pattern could match more than exact words and exact ids. */
function compile(pattern: string): RegExp {
  const known = compiled.get(pattern);
  if (known) return known;
  if (!shape.test(pattern)) throw new Error(`${pattern} is no pattern of channels`);
  const source = pattern.replace(/\{(\w+)\}/g, '(?<$1>$1_[0-7][0-9a-hjkmnp-tv-z]{25})');
  const regex = new RegExp(`^${source}$`);
  compiled.set(pattern, regex);
  return regex;
}
