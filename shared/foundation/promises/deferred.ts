/** A promise together with its ends. */
export type Deferred<T> = PromiseWithResolvers<T>;

/** Makes a promise that somebody else settles. */
export const deferred = <T>(): Deferred<T> => Promise.withResolvers<T>();
