import type { Connection } from 'pg';
import { type DatabaseError, serialize } from 'pg-protocol';
import { openSession, type Session } from './open-session.ts';
import { ServerError, staleRoutines } from './server-error.ts';
import type { Target } from './target.ts';
import { type Decode, decoderOf } from './values.ts';

export type Parameter = string | null;

export interface ResultColumn {
  name: string;
  decode: Decode;
}

/** Builds a row from the texts of its values; `null` is SQL NULL. */
export type Shape<R> = (texts: (string | null)[], columns: readonly ResultColumn[]) => R;

/** A statement's rows; `command` is the server's command tag, `count` the number of affected rows. */
export type Rows<R> = R[] & { command?: string; count?: number };

/** A statement in flight. */
interface Call {
  statement: Prepared;
  shape: Shape<unknown>;
  rows: Rows<unknown>;
  /** Whether it was sent with the statement's text, to prepare it. */
  isPreparing: boolean;
  settle: (error: unknown, rows: Rows<unknown>) => void;
}

/** A statement that is prepared on this connection. */
interface Prepared {
  name: string;
  query: string;
  columns: readonly ResultColumn[];
}

/** Calls that the server executes up to the first failure. */
interface Batch {
  calls: Call[];
  /** The index of the call whose response is next. */
  next: number;
  failure: unknown;
  issuedAt: number;
  /** `workMs` is the time that the server took for this batch. */
  settle: (failure: unknown, workMs: number) => void;
}

export interface PipelineOptions {
  target: Target;
  timeoutMs: number;
  /** False behind a pooler without support for prepared statements. */
  prepare: boolean;
}

const MAX_BACKOFF_MS = 2000;
const CHECK_INTERVAL_MS = 500;
/** A live server cancels a statement after `timeoutMs`; this much later the connection counts as lost. */
const SILENCE_GRACE_MS = 1_000;
/** Statements beyond this number are not prepared. */
const MAX_PREPARED = 1_000;

/**
 * One PostgreSQL connection that sends statements without waiting for responses: those of one turn of
 * the event loop are one write. Connects on first use, and again after a loss.
 */
export class Pipeline {
  /** How often the connection was lost; a transaction during which it changes is void. */
  losses = 0;
  /** Time that the server has worked for this connection, in milliseconds. */
  workMs = 0;
  readonly #options: PipelineOptions;
  #outgoing: Uint8Array[] = [];
  #session: Session | undefined;
  #state: 'closed' | 'opening' | 'open' | 'ended' = 'closed';
  #prepared = new Map<string, Prepared>();
  #named = 0;
  #batches: Batch[] = [];
  #open: Batch | undefined;
  #isFlushing = false;
  #failedAttempts = 0;
  #retryAt = 0;
  /** Responses so far. */
  #responses = 0;
  /** When the server became free for the next batch. */
  #freeAt = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Whether it is connected and authenticated. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Batches without a response yet. */
  get waiting(): number {
    return this.#batches.length;
  }

  /** Sends a statement; it settles before its batch. */
  issue(
    query: string,
    parameters: readonly Parameter[],
    shape: Shape<unknown>,
    settle: Call['settle'],
  ): Call {
    if (this.#state === 'ended') throw connectionLost();
    if (this.#state === 'closed') void this.#connect();
    let statement = this.#prepared.get(query);
    const isPreparing = statement === undefined;
    statement ??= this.#prepare(query);
    const values = parameters as Parameter[];
    this.#outgoing.push(serialize.bind({ statement: statement.name, values }), serialize.execute());
    const call = { statement, shape, rows: [], isPreparing, settle };
    this.#batch().calls.push(call);
    this.#flushSoon();
    return call;
  }

  /** Ends the batch of statements since the last end; outside BEGIN it is one transaction. */
  endBatch(settle: Batch['settle']): void {
    if (this.#state === 'ended') throw connectionLost();
    const batch = this.#batch();
    batch.settle = settle;
    this.#outgoing.push(serialize.sync());
    this.#open = undefined;
    this.#flushSoon();
  }

  /** Waits for statements in flight, then closes the connection. */
  async end(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#batches.length > 0 && performance.now() < deadline) await Bun.sleep(5);
    this.#state = 'ended';
    const session = this.#session;
    this.#session = undefined;
    session?.end();
    this.#lost(connectionLost());
  }

  /** Prepares a statement and requests the description of its rows. */
  #prepare(query: string): Prepared {
    const isNamed = this.#options.prepare && this.#prepared.size < MAX_PREPARED;
    const statement = { name: isNamed ? `s${this.#named++}` : '', query, columns: [] };
    if (isNamed) this.#prepared.set(query, statement);
    const { name } = statement;
    this.#outgoing.push(
      serialize.parse({ name, text: query }),
      serialize.describe({ type: 'S', name }),
    );
    return statement;
  }

  #batch(): Batch {
    if (!this.#open) {
      const issuedAt = performance.now();
      this.#open = { calls: [], next: 0, failure: undefined, issuedAt, settle: () => {} };
      this.#batches.push(this.#open);
    }
    return this.#open;
  }

  #flushSoon(): void {
    if (this.#isFlushing) return;
    this.#isFlushing = true;
    setImmediate(() => this.#flush());
  }

  #flush(): void {
    this.#isFlushing = false;
    if (this.#open) this.endBatch(() => {});
    if (this.#state !== 'open' || this.#outgoing.length === 0) return;
    const messages = Buffer.concat(this.#outgoing);
    this.#outgoing = [];
    this.#session?.messages.stream.write(messages);
  }

  async #connect(): Promise<void> {
    this.#state = 'opening';
    await Bun.sleep(Math.max(0, this.#retryAt - performance.now()));
    try {
      const session = await openSession(this.#options.target, this.#options.timeoutMs);
      // Ended or lost meanwhile.
      if (this.#state !== 'opening') return session.end();
      this.#session = session;
      this.#state = 'open';
      this.#freeAt = performance.now();
      this.#failedAttempts = 0;
      this.#listen(session.messages);
      this.#watchSilence(session);
      session.onClosed(() => this.#lost(connectionLost(), session));
      this.#flush();
    } catch (error) {
      this.#failedAttempts++;
      const delayMs = Math.min(50 * 2 ** this.#failedAttempts, MAX_BACKOFF_MS);
      this.#retryAt = performance.now() + delayMs * (0.5 + Math.random() / 2);
      this.#lost(!(error instanceof Error && 'code' in error) ? connectionLost(error) : error);
    }
  }

  #lost(error: unknown, session = this.#session): void {
    if (session !== this.#session) return;
    this.losses++;
    this.#session?.messages.stream.destroy();
    this.#session = undefined;
    if (this.#state !== 'ended') this.#state = 'closed';
    this.#prepared.clear();
    this.#outgoing = [];
    this.#open = undefined;
    for (const batch of this.#batches.splice(0)) settleBatch(batch, batch.failure ?? error, 0);
  }

  /** Counts checks and not time: a process that was suspended has received nothing. */
  #watchSilence(session: Session): void {
    let responses = this.#responses;
    let silentMs = 0;
    const timer = setInterval(() => {
      if (session !== this.#session) return clearInterval(timer);
      silentMs =
        this.#batches.length > 0 && responses === this.#responses
          ? silentMs + CHECK_INTERVAL_MS
          : 0;
      responses = this.#responses;
      if (silentMs > this.#options.timeoutMs + SILENCE_GRACE_MS)
        this.#lost(connectionLost(), session);
    }, CHECK_INTERVAL_MS);
    timer.unref();
  }

  #listen(messages: Connection): void {
    messages.on('errorMessage', (error: DatabaseError) =>
      this.#statementFailed(this.#batches[0], error),
    );
    messages.on('readyForQuery', () => this.#batchEnded());
    const forCall = (handle: (call: Call, message: never) => void) => (message: unknown) => {
      const batch = this.#batches[0];
      const call = batch?.calls[batch.next];
      if (call) handle(call, message as never);
    };
    messages.on('dataRow', forCall(addRow));
    messages.on('rowDescription', forCall(setColumns));
    messages.on(
      'parseComplete',
      forCall((call) => {
        call.isPreparing = false;
      }),
    );
    const completed = forCall((call, { text = '' }: { text?: string }) => {
      (this.#batches[0] as Batch).next++;
      this.#responses++;
      call.rows.command = text;
      call.rows.count = Number(text.slice(text.lastIndexOf(' ') + 1));
      call.settle(undefined, call.rows);
    });
    messages.on('commandComplete', completed).on('emptyQuery', completed);
  }

  #batchEnded(): void {
    const batch = this.#batches.shift();
    this.#responses++;
    if (!batch) return;
    const endedAt = performance.now();
    const workMs = endedAt - Math.max(batch.issuedAt, this.#freeAt);
    this.#freeAt = endedAt;
    this.workMs += workMs;
    settleBatch(batch, batch.failure, workMs);
  }

  #statementFailed(batch: Batch | undefined, message: DatabaseError): void {
    const error = new ServerError(message);
    if (staleRoutines.has(error.routine ?? '')) this.#prepared.clear();
    if (!batch) return;
    batch.failure = error;
    // Statements that failed or are skipped now were not prepared.
    for (const { isPreparing, statement } of batch.calls.slice(batch.next)) {
      if (isPreparing) this.#prepared.delete(statement.query);
    }
  }
}

function addRow(call: Call, { fields }: { fields: (string | null)[] }): void {
  call.rows.push(call.shape(fields, call.statement.columns));
}

function setColumns(call: Call, { fields }: { fields: { name: string; dataTypeID: number }[] }) {
  call.statement.columns = fields.map(({ name, dataTypeID }) => ({
    name,
    decode: decoderOf(dataTypeID),
  }));
}

function settleBatch(batch: Batch, failure: unknown, workMs: number): void {
  for (const call of batch.calls.slice(batch.next)) call.settle(failure, []);
  batch.settle(failure, workMs);
}

/** The error of a transaction whose connection was lost. */
export const connectionLost = (cause?: unknown): Error =>
  Object.assign(new Error('The connection to PostgreSQL was lost', { cause }), {
    code: 'CONNECTION_LOST',
  });
