import type { MemberContext } from '@insightdesk/shared/context';
import { type IdsIn, matchChannel, type Permission } from '@insightdesk/shared/contract';

/**
 * Whether the caller may subscribe to the channel with these ids. A function that answers at once
 * has read nothing, so the session is verified besides; reading the database verifies it.
 */
type Allow<P extends string> = (ctx: MemberContext, ids: IdsIn<P>) => boolean | Promise<boolean>;

/** Subscribers need the permission, and `allow` must agree. */
interface ChannelRule<P extends string> {
  permission: Permission;
  allow: Allow<P>;
}

/** The rule of one channel, with the ids of its name. */
interface Channel {
  pattern: string;
  permission: Permission;
  allow(ctx: MemberContext): boolean | Promise<boolean>;
}

export interface ChannelTable {
  /** Undefined when no pattern matches the name. */
  find(name: string): Channel | undefined;
}

interface DefinedChannels extends ChannelTable {
  rules: readonly Pick<Channel, 'pattern' | 'permission'>[];
}

/** Defines the channels, one rule per pattern; throws when a pattern is not exact. */
export function defineChannels<P extends string>(
  table: {
    [K in P]: ChannelRule<K>;
  },
): DefinedChannels {
  const all = Object.entries<ChannelRule<string>>(table);
  for (const [pattern] of all) matchChannel(pattern, '');
  return {
    rules: all.map(([pattern, { permission }]) => ({ pattern, permission })),
    find(name) {
      for (const [pattern, { permission, allow }] of all) {
        const ids = matchChannel(pattern, name);
        if (ids) return { pattern, permission, allow: (ctx) => allow(ctx, ids) };
      }
      return undefined;
    },
  };
}
