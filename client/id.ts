/** Stands in for the type of the same name in shared/utils, whose module needs a server. */
export type Id<P extends string = string> = `${P}_${string}`;
