import { fromUuid, type Id, type IdPrefix } from '@insightdesk/shared/contract';

/** Makes an id that sorts after every id made before it by this process. */
export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return fromUuid(prefix, Bun.randomUUIDv7());
}
