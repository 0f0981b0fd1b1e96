import { fromUuid, type Id, type IdPrefix } from '@insightdesk/shared/contract';

/** A new id, which sorts after all earlier ids of this process. */
export function newId<P extends IdPrefix>(prefix: P): Id<P> {
  return fromUuid(prefix, Bun.randomUUIDv7());
}
