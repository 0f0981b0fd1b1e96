import type { ChannelEvent, Position } from '@insightdesk/shared/contract';
import { ConflictError, UnavailableError } from '@insightdesk/shared/errors';
import { retry } from '@insightdesk/shared/promises';
import type { ChannelLog, LogPage, LogSnapshot } from './channel-log.ts';
import type { LinkedEvent } from './publication.ts';
import type { Room } from './room.ts';

/** Emits to the members of a replica's rooms. */
export interface HubEmitter {
  /** Emits the event to all members of the room except some. */
  event(room: Room, linked: LinkedEvent, except: readonly string[]): void;
  /** The log does not reach back to the room: its members must leave it at once and join again. */
  resync(room: Room): void;
}

/** Admits a member synchronously: acknowledge the snapshot, emit `later`, join the room. */
export type Admit = (snapshot: LogSnapshot, later: ChannelEvent[]) => void;

/** Totals since the start. */
export interface HubStats {
  delivered: number;
  catchUps: number;
  resyncs: number;
}

interface ChannelRoomOptions {
  room: Room;
  log: ChannelLog;
  emit: HubEmitter;
  stats: HubStats;
  onError: (error: unknown) => void;
}

/** A member that waits for its snapshot, and the live events that came meanwhile. */
interface JoiningMember {
  buffer: LinkedEvent[];
  hasLeft: boolean;
}

const MAX_JOIN_ATTEMPTS = 5;
/** Events beyond this are dropped and read from the log instead. */
const MAX_BUFFERED_EVENTS = 1_000;
/** How long after a read new members without a position may start at the room's position. */
const MAX_READ_AGE_MS = 500;

/**
 * One channel on one replica. Its room is always exactly at `position`: an event is emitted only
 * as the successor of the one before; for anything else the log is read first.
 */
export class ChannelRoom {
  readonly #options: ChannelRoomOptions;
  readonly #members = new Set<string>();
  readonly #joining = new Map<string, JoiningMember>();
  /** Members whose snapshot was ahead of the room: they have all events up to this offset. */
  readonly #ahead = new Map<string, number>();
  #position: Position | undefined;
  /** When a snapshot was last read from the log. */
  #readAt = Number.NEGATIVE_INFINITY;
  #backlog: LinkedEvent[] = [];
  #isDirty = false;
  #isRecovering = false;
  #isClosed = false;
  #recovery = Promise.resolve();

  constructor(options: ChannelRoomOptions) {
    this.#options = options;
  }

  get isEmpty(): boolean {
    return this.#members.size + this.#joining.size === 0;
  }

  close(): void {
    this.#isClosed = true;
  }

  /** Emits a published event, or reads what is missing before it. */
  receive(linked: LinkedEvent): void {
    if (this.#position && !this.#isRecovering) {
      if (!this.#advance(linked)) void this.recover();
    } else if (this.#backlog.push(linked) > MAX_BUFFERED_EVENTS) {
      this.#backlog = [];
      this.#isDirty = true;
    }
  }

  /** Brings the room up to the log, for example after missed publications. Never rejects. */
  recover(): Promise<void> {
    this.#isDirty = true;
    if (this.#position && !this.#isRecovering) {
      this.#recovery = this.#catchUp().catch(this.#options.onError);
    }
    return this.#recovery;
  }

  /** Reads the log for a member and admits it where log and live events meet. */
  async join(id: string, after: Position | undefined, admit: Admit): Promise<void> {
    const member: JoiningMember = { buffer: [], hasLeft: false };
    this.#joining.set(id, member);
    try {
      for (let attempt = 1; attempt <= MAX_JOIN_ATTEMPTS; attempt++) {
        member.buffer = [];
        const snapshot = this.#currentSnapshot(after) ?? (await this.#read(after));
        if (member.hasLeft) throw new ConflictError('The channel was unsubscribed meanwhile');
        if (!this.#position) this.#open(snapshot);
        if (this.#tryAdmit(id, member, snapshot, admit)) return;
        await this.recover();
      }
      throw new UnavailableError('The channel changes too fast to join, try again');
    } finally {
      if (this.#joining.get(id) === member) this.#joining.delete(id);
    }
  }

  leave(id: string): void {
    const member = this.#joining.get(id);
    if (member) member.hasLeft = true;
    this.#joining.delete(id);
    this.#members.delete(id);
    this.#ahead.delete(id);
  }

  /**
   * The room's position for a member that asks for no earlier events: all later ones come live. Only
   * for a moment after a read, so that a log that is unavailable or ahead is noticed.
   */
  #currentSnapshot(after: Position | undefined): LogSnapshot | undefined {
    if (after || !this.#position || this.#isRecovering || this.#isDirty) return undefined;
    if (performance.now() - this.#readAt > MAX_READ_AGE_MS) return undefined;
    return { ...this.#position, recovered: false, bytes: 0, events: [] };
  }

  async #read(after: Position | undefined): Promise<LogSnapshot> {
    const snapshot = await this.#options.log.read(this.#options.room, after);
    this.#readAt = performance.now();
    return snapshot;
  }

  #open({ epoch, offset }: Position): void {
    this.#position = { epoch, offset };
    const backlog = this.#backlog;
    this.#backlog = [];
    if (!backlog.every(this.#advance) || this.#isDirty) void this.recover();
  }

  #tryAdmit(id: string, { buffer }: JoiningMember, snapshot: LogSnapshot, admit: Admit): boolean {
    const { epoch, offset } = snapshot;
    const room = this.#position;
    if (room?.epoch !== epoch) return false;
    const later = buffer.filter(({ event }) => event.epoch === epoch && event.offset > offset);
    const isContiguous = later[0] ? later[0].prev === offset : room.offset <= offset;
    if (!isContiguous) return false;
    admit(
      snapshot,
      later.map(({ event }) => event),
    );
    this.#members.add(id);
    if (room.offset < offset) this.#ahead.set(id, offset);
    return true;
  }

  /** Skips what the room has, emits its successor; false when an event is missing in between. */
  readonly #advance = (linked: LinkedEvent): boolean => {
    const { prev, event } = linked;
    const room = this.#position;
    if (this.#isClosed) return true;
    if (room?.epoch !== event.epoch) return false;
    if (event.offset <= room.offset) return true;
    if (prev !== room.offset) return false;
    this.#deliver(linked);
    return true;
  };

  #deliver(linked: LinkedEvent): void {
    const { epoch, offset } = linked.event;
    const { emit, room, stats } = this.#options;
    this.#position = { epoch, offset };
    const except = [...this.#ahead].flatMap(([id, known]) => (known >= offset ? id : []));
    emit.event(room, linked, except);
    stats.delivered += this.#members.size - except.length;
    for (const [id, known] of this.#ahead) if (known <= offset) this.#ahead.delete(id);
    for (const member of this.#joining.values()) {
      if (member.buffer.push(linked) > MAX_BUFFERED_EVENTS) member.buffer = [];
    }
  }

  // A read returns all events published before it, so the older backlog is dropped.
  async #catchUp(): Promise<void> {
    this.#isRecovering = true;
    while (this.#isDirty && !this.#isClosed) {
      this.#isDirty = false;
      this.#backlog = [];
      await this.#readMissing();
      if (!this.#backlog.every(this.#advance)) this.#isDirty = true;
    }
    this.#backlog = [];
    this.#isRecovering = false;
  }

  async #readMissing(): Promise<void> {
    this.#options.stats.catchUps++;
    for (let hasMore = true; hasMore; ) {
      const page = await this.#readPage();
      if (this.#isClosed) return;
      if (!page.recovered) return this.#startOver(page);
      page.events.forEach(this.#advance);
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
    const limits = { attempts: Number.POSITIVE_INFINITY, baseMs: 100, maxMs: 5_000 };
    return retry(() => log.readPage(room, this.#position), { ...limits, shouldRetry });
  }

  #startOver({ epoch, offset }: Position): void {
    this.#position = { epoch, offset };
    this.#members.clear();
    this.#ahead.clear();
    this.#options.stats.resyncs++;
    this.#options.emit.resync(this.#options.room);
  }
}
