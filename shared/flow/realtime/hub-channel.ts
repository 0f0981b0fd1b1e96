import type { ChannelEvent, Position, Snapshot } from '@insightdesk/shared/contract';
import { ConflictError, UnavailableError } from '@insightdesk/shared/errors';
import { retry } from '@insightdesk/shared/promises';
import type { ChannelLog, LogPage } from './channel-log.ts';
import type { Link } from './publication.ts';
import type { Room } from './room.ts';

/** Where a replica's hub sends what it has to say to its own members. */
export interface HubEmit {
  /** To all members of the room but these; with the link by which it came. */
  event(room: Room, link: Link, except: readonly string[]): void;
  /** The log does not reach back to the room: its members must leave it at once and come again. */
  resync(room: Room): void;
}

/** Takes a member in without a pause: acknowledge, hand `later` over, enter the room. */
export type Admit = (snapshot: Snapshot, later: ChannelEvent[]) => void;

/** Counted since the start. */
export interface HubCounts {
  delivered: number;
  catchUps: number;
  resyncs: number;
}

interface HubChannelOptions {
  room: Room;
  log: ChannelLog;
  emit: HubEmit;
  counts: HubCounts;
  onError: (error: unknown) => void;
}

interface Joiner {
  held: Link[];
  hasLeft: boolean;
}

const JOIN_ATTEMPTS = 5;
/** What waits beyond this is dropped and read from the log instead. */
const MAX_WAITING = 1_000;
/** How long after a read whoever names no position is let in where the room is. */
const FRESH_MS = 500;

/**
 * One channel on one replica. Its room is always exactly at `position`: an event is emitted only
 * as the successor of the one before; anything else sends the channel to the log first.
 */
export class HubChannel {
  readonly #options: HubChannelOptions;
  readonly #members = new Set<string>();
  readonly #joiners = new Map<string, Joiner>();
  /** Members whose snapshot was ahead of the room: they have everything up to this offset. */
  readonly #ahead = new Map<string, number>();
  #position: Position | undefined;
  /** When the log last answered who came in. */
  #readAt = Number.NEGATIVE_INFINITY;
  #backlog: Link[] = [];
  #isDirty = false;
  #isRecovering = false;
  #isClosed = false;
  #recovery = Promise.resolve();

  constructor(options: HubChannelOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#members.size + this.#joiners.size === 0;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Something was published: emit it, or fetch what is missing before it. */
  live(link: Link): void {
    if (this.#position && !this.#isRecovering) {
      if (!this.#step(link)) void this.recover();
    } else if (this.#backlog.push(link) > MAX_WAITING) {
      this.#backlog = [];
      this.#isDirty = true;
    }
  }

  /** Brings the room up to the log; also when publications may have been missed. Never rejects. */
  recover(): Promise<void> {
    this.#isDirty = true;
    if (this.#position && !this.#isRecovering) {
      this.#recovery = this.#catchUp().catch(this.#options.onError);
    }
    return this.#recovery;
  }

  /** Reads the log for a member and admits it where log and live events meet. */
  async join(id: string, after: Position | undefined, admit: Admit): Promise<void> {
    const joiner: Joiner = { held: [], hasLeft: false };
    this.#joiners.set(id, joiner);
    try {
      for (let attempt = 1; attempt <= JOIN_ATTEMPTS; attempt++) {
        joiner.held = [];
        const snapshot = this.#atHand(after) ?? (await this.#read(after));
        if (joiner.hasLeft) throw new ConflictError('Unsubscribed meanwhile');
        if (!this.#position) this.#open(snapshot);
        if (this.#admitted(id, joiner, snapshot, admit)) return;
        await this.recover();
      }
      throw new UnavailableError('The channel does not come to rest, try again');
    } finally {
      if (this.#joiners.get(id) === joiner) this.#joiners.delete(id);
    }
  }

  leave(id: string): void {
    const joiner = this.#joiners.get(id);
    if (joiner) joiner.hasLeft = true;
    this.#joiners.delete(id);
    this.#members.delete(id);
    this.#ahead.delete(id);
  }

  /**
   * Who asks for nothing that was before may begin where the room is: all that follows comes live.
   * Only for a moment after a read, so that the log still tells when it is away or ahead.
   */
  #atHand(after: Position | undefined): Snapshot | undefined {
    if (after || !this.#position || this.#isRecovering || this.#isDirty) return undefined;
    if (performance.now() - this.#readAt > FRESH_MS) return undefined;
    return { ...this.#position, recovered: false, events: [] };
  }

  async #read(after: Position | undefined): Promise<Snapshot> {
    const snapshot = await this.#options.log.read(this.#options.room, after);
    this.#readAt = performance.now();
    return snapshot;
  }

  #open({ epoch, offset }: Position): void {
    this.#position = { epoch, offset };
    const waiting = this.#backlog;
    this.#backlog = [];
    if (!waiting.every(this.#step) || this.#isDirty) void this.recover();
  }

  #admitted(id: string, { held }: Joiner, snapshot: Snapshot, admit: Admit): boolean {
    const { epoch, offset } = snapshot;
    const room = this.#position;
    if (room?.epoch !== epoch) return false;
    const later = held.filter(({ event }) => event.epoch === epoch && event.offset > offset);
    const meets = later[0] ? later[0].prev === offset : room.offset <= offset;
    if (!meets) return false;
    admit(
      snapshot,
      later.map(({ event }) => event),
    );
    this.#members.add(id);
    if (room.offset < offset) this.#ahead.set(id, offset);
    return true;
  }

  /** Passes over what the room has, emits its successor; false when something lies between. */
  readonly #step = (link: Link): boolean => {
    const { prev, event } = link;
    const room = this.#position;
    if (this.#isClosed) return true;
    if (room?.epoch !== event.epoch) return false;
    if (event.offset <= room.offset) return true;
    if (prev !== room.offset) return false;
    this.#deliver(link);
    return true;
  };

  #deliver(link: Link): void {
    const { epoch, offset } = link.event;
    this.#position = { epoch, offset };
    const except = [...this.#ahead].flatMap(([id, has]) => (has >= offset ? id : []));
    this.#options.emit.event(this.#options.room, link, except);
    this.#options.counts.delivered += this.#members.size - except.length;
    for (const [id, has] of this.#ahead) if (has <= offset) this.#ahead.delete(id);
    for (const joiner of this.#joiners.values()) {
      if (joiner.held.push(link) > MAX_WAITING) joiner.held = [];
    }
  }

  // Whatever was published before a read is in what it returns, so older backlog is dropped.
  async #catchUp(): Promise<void> {
    this.#isRecovering = true;
    while (this.#isDirty && !this.#isClosed) {
      this.#isDirty = false;
      this.#backlog = [];
      await this.#pull();
      if (!this.#backlog.every(this.#step)) this.#isDirty = true;
    }
    this.#backlog = [];
    this.#isRecovering = false;
  }

  async #pull(): Promise<void> {
    this.#options.counts.catchUps++;
    for (let hasMore = true; hasMore; ) {
      const page = await this.#readPage();
      if (this.#isClosed) return;
      if (!page.recovered) return this.#startOver(page);
      page.links.forEach(this.#step);
      hasMore = page.hasMore;
    }
  }

  #readPage(): Promise<LogPage> {
    const { log, room, onError } = this.#options;
    const shouldRetry = (error: unknown) => {
      if (this.#isClosed) return false;
      onError(error);
      return true;
    };
    const patience = { attempts: Number.POSITIVE_INFINITY, baseMs: 100, maxMs: 5_000 };
    return retry(() => log.readPage(room, this.#position), { ...patience, shouldRetry });
  }

  #startOver({ epoch, offset }: Position): void {
    this.#position = { epoch, offset };
    this.#members.clear();
    this.#ahead.clear();
    this.#options.counts.resyncs++;
    this.#options.emit.resync(this.#options.room);
  }
}
