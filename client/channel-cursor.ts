import type { ChannelEvent, Position, Snapshot } from '../shared/contract/shapes.ts';

/** Ids are remembered because a log that was lost gives the same event a new place. */
const REMEMBERED_IDS = 1_000;

/**
 * Where a client is in one channel. Offsets rise but may jump, so a missing number says nothing:
 * only the server knows of gaps. What comes while not joined is in the next acknowledgement.
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

  /** The connection or the subscription has gone. */
  leave(): void {
    this.#isJoined = false;
  }

  /** Takes an acknowledgement: what to hand over, and whether something before it is lost. */
  join({ epoch, offset, recovered, events }: Snapshot): { isGap: boolean; fresh: ChannelEvent[] } {
    const isGap = this.#position !== undefined && !recovered;
    if (!recovered) this.#position = undefined;
    const fresh = events.filter((event) => this.#take(event));
    this.#isJoined = true;
    this.#position = { epoch, offset };
    return { isGap, fresh };
  }

  /** Whether a live event is to be handed over. */
  accept(event: ChannelEvent): boolean {
    return this.#isJoined && this.#take(event);
  }

  #take({ id, epoch, offset }: ChannelEvent): boolean {
    const known = this.#position;
    if (known?.epoch === epoch && offset <= known.offset) return false;
    this.#position = { epoch, offset };
    if (this.#seen.has(id)) return false;
    this.#seen.add(id);
    if (this.#seen.size > REMEMBERED_IDS) this.#forgetOldest();
    return true;
  }

  #forgetOldest(): void {
    for (const id of this.#seen) {
      this.#seen.delete(id);
      return;
    }
  }
}
