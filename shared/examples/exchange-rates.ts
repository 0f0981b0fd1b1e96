import type { CacheSource } from '@insightdesk/shared/cache';

/** Rates are the same for every organisation: loaded once an hour for all processes together. */
export const createRates = (cache: CacheSource, load: (currency: string) => Promise<number>) =>
  cache
    .forEveryone()
    .namespace('rates')
    .memoize((currency: string) => currency, load, { ttlSeconds: 3_600 });
