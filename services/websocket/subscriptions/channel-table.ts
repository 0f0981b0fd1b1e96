import type { MemberContext } from '@insightdesk/shared/context';
import { type IdsIn, matchChannel } from '@insightdesk/shared/contract';

/**
 * Whether the caller may listen to the channel with these ids. An answer that comes at once has
 * read nothing, so the session is looked up besides; whoever reads the database has it checked there.
 */
export type Allow<P extends string> = (
  ctx: MemberContext,
  ids: IdsIn<P>,
) => boolean | Promise<boolean>;

/** One channel by its name, and who may listen to it. */
export interface KnownChannel {
  pattern: string;
  allow(ctx: MemberContext): boolean | Promise<boolean>;
}

/** All the channels there are. */
export interface ChannelTable {
  /** Undefined when no line of the table has this name. */
  find(name: string): KnownChannel | undefined;
}

/** Builds the table from one line per pattern; throws when a pattern is not exact. */
export function defineChannels<P extends string>(lines: { [K in P]: Allow<K> }): ChannelTable {
  const all = Object.entries<Allow<string>>(lines);
  for (const [pattern] of all) matchChannel(pattern, '');
  return {
    find(name) {
      for (const [pattern, allow] of all) {
        const ids = matchChannel(pattern, name);
        if (ids) return { pattern, allow: (ctx) => allow(ctx, ids) };
      }
      return undefined;
    },
  };
}
