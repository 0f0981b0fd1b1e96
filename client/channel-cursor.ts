import type { ChannelEvent, Position, Snapshot } from '../shared/contract/shapes.ts';

/** Ids are remembered because a lost log gives the same event a new position. */
const MAX_REMEMBERED_IDS = 1_000;

/**
 * The position of a client in one channel. Offsets rise but may jump, so a missing number is no gap:
 * only the server detects gaps. Events that come before the acknowledgement of `subscribe` are
 * ignored, because the acknowledgement contains them.
 */
export class ChannelCursor {
  #position: Position | undefined;
  #isJoined = false;
  readonly #seen = new Set<string>();

  get position(): Position | undefined {
    return this.#position;
  }

  get isJoined(): boolean {
    return this.#isJoined;
  }

  /** The connection or the subscription has ended. */
  leave(): void {
    this.#isJoined = false;
  }

  /** Applies an acknowledgement; returns its new events, and whether earlier ones are lost. */
  join({ epoch, offset, recovered, events }: Snapshot): { isGap: boolean; fresh: ChannelEvent[] } {
    const isGap = this.#position !== undefined && !recovered;
    if (!recovered) this.#position = undefined;
    const fresh = events.filter((event) => this.#advance(event));
    this.#isJoined = true;
    this.#position = { epoch, offset };
    return { isGap, fresh };
  }

  /** Whether a live event is new and must be delivered. */
  accept(event: ChannelEvent): boolean {
    return this.#isJoined && this.#advance(event);
  }

  #advance({ id, epoch, offset }: ChannelEvent): boolean {
    const current = this.#position;
    if (current?.epoch === epoch && offset <= current.offset) return false;
    this.#position = { epoch, offset };
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    if (this.#seen.size > MAX_REMEMBERED_IDS) this.#deleteOldestId();
    return true;
  }

  #deleteOldestId(): void {
    for (const id of this.#seen) {
      this.#seen.delete(id);
      return;
    }
  }
}
