/** Stand in for the types of the same name in shared/foundation/utils, whose module needs a server. */
export type IdPrefix = string;
export type Id<P extends IdPrefix = IdPrefix> = `${P}_${string}`;
