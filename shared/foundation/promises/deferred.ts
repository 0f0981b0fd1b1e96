/** A promise with its resolve and reject functions. */
export type Deferred<T> = PromiseWithResolvers<T>;

/** A promise that is settled from outside. */
export const deferred = <T>(): Deferred<T> => Promise.withResolvers<T>();
