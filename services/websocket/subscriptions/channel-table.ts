import type { MemberContext } from '@insightdesk/shared/context';
import { type IdsIn, matchChannel, type Permission } from '@insightdesk/shared/contract';

/**
 * Whether the caller may listen to the channel with these ids. An answer that comes at once has
 * read nothing, so the session is looked up besides; whoever reads the database has it checked there.
 */
export type Allow<P extends string> = (
  ctx: MemberContext,
  ids: IdsIn<P>,
) => boolean | Promise<boolean>;

/** Who may listen: those who have the permission, and of these whom `allow` lets in. */
export interface Line<P extends string> {
  permission: Permission;
  allow: Allow<P>;
}

/** One channel by its name, and who may listen to it. */
export interface KnownChannel {
  pattern: string;
  permission: Permission;
  allow(ctx: MemberContext): boolean | Promise<boolean>;
}

/** All the channels there are. */
export interface ChannelTable {
  /** Undefined when no line of the table has this name. */
  find(name: string): KnownChannel | undefined;
}

/** The table with each of its lines. */
export interface DefinedChannels extends ChannelTable {
  lines: readonly Pick<KnownChannel, 'pattern' | 'permission'>[];
}

/** Builds the table from one line per pattern; throws when a pattern is not exact. */
export function defineChannels<P extends string>(table: { [K in P]: Line<K> }): DefinedChannels {
  const all = Object.entries<Line<string>>(table);
  for (const [pattern] of all) matchChannel(pattern, '');
  return {
    lines: all.map(([pattern, { permission }]) => ({ pattern, permission })),
    find(name) {
      for (const [pattern, { permission, allow }] of all) {
        const ids = matchChannel(pattern, name);
        if (ids) return { pattern, permission, allow: (ctx) => allow(ctx, ids) };
      }
      return undefined;
    },
  };
}
