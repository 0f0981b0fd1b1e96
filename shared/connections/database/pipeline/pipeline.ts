import type { Connection } from 'pg';
import { type DatabaseError, serialize } from 'pg-protocol';
import { ServerError, staleRoutines } from './server-error.ts';
import { type Session, signIn } from './sign-in.ts';
import type { Target } from './target.ts';
import { type Decode, decoderOf } from './values.ts';

export type Parameter = string | null;

export interface ResultColumn {
  name: string;
  decode: Decode;
}

/** Makes a row of its values' texts, `null` for none. */
export type Shape<R> = (texts: (string | null)[], columns: readonly ResultColumn[]) => R;

/** A statement's rows; `command` is what the server says it did, `count` to how many rows. */
export type Rows<R> = R[] & { command?: string; count?: number };

/** One statement under way. */
interface Call {
  statement: Prepared;
  shape: Shape<unknown>;
  rows: Rows<unknown>;
  /** Whether the server has been told the statement with it. */
  tells: boolean;
  settle: (error: unknown, rows: Rows<unknown>) => void;
}

/** A statement that this connection knows. */
interface Prepared {
  name: string;
  query: string;
  columns: readonly ResultColumn[];
}

/** Calls that the server does up to the first failure. */
interface Batch {
  calls: Call[];
  /** The call whose answer is next. */
  at: number;
  failure: unknown;
  settle: (failure: unknown) => void;
}

export interface PipelineOptions {
  target: Target;
  timeoutMs: number;
  /** False behind a pooler without support for prepared statements. */
  prepare: boolean;
}

const MAX_BACKOFF_MS = 2000;
const LOOK_MS = 500;
/** A server that is there says after `timeoutMs` that it gave a statement up; this much later nobody is. */
const SILENCE_MS = 1_000;
/** Beyond so many different statements a connection prepares no more of them. */
const MAX_PREPARED = 1_000;

/**
 * One PostgreSQL connection over which statements leave without waiting for answers: what is issued
 * in one turn of the event loop is one write. Connects on first use, and again after a loss.
 */
export class Pipeline {
  /** How often the connection was lost; a transaction that sees it change is void. */
  losses = 0;
  readonly #options: PipelineOptions;
  #outgoing: Uint8Array[] = [];
  #session: Session | undefined;
  #state: 'closed' | 'opening' | 'open' | 'ended' = 'closed';
  #prepared = new Map<string, Prepared>();
  #named = 0;
  #batches: Batch[] = [];
  #open: Batch | undefined;
  #isFlushing = false;
  #refusals = 0;
  #retryAt = 0;
  /** Statements that were answered. */
  #heard = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
  }

  /** Whether the server knows us on it. */
  get isOpen(): boolean {
    return this.#state === 'open';
  }

  /** Statements and batches that are not answered yet. */
  get waiting(): number {
    return this.#batches.length;
  }

  /** Issues a statement; its answer is settled before that of its batch. */
  issue(
    query: string,
    parameters: readonly Parameter[],
    shape: Shape<unknown>,
    settle: Call['settle'],
  ): Call {
    if (this.#state === 'ended') throw connectionLost();
    if (this.#state === 'closed') void this.#connect();
    let statement = this.#prepared.get(query);
    const tells = statement === undefined;
    statement ??= this.#tell(query);
    const values = parameters as Parameter[];
    this.#outgoing.push(serialize.bind({ statement: statement.name, values }), serialize.execute());
    const call = { statement, shape, rows: [], tells, settle };
    this.#batch().calls.push(call);
    this.#flushSoon();
    return call;
  }

  /** Ends the batch of what was issued since the last end; outside BEGIN it is one transaction. */
  endBatch(settle: Batch['settle']): void {
    if (this.#state === 'ended') throw connectionLost();
    const batch = this.#batch();
    batch.settle = settle;
    this.#outgoing.push(serialize.sync());
    this.#open = undefined;
    this.#flushSoon();
  }

  /** Waits for what is under way, then says goodbye. */
  async end(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#batches.length > 0 && performance.now() < deadline) await Bun.sleep(5);
    this.#state = 'ended';
    const session = this.#session;
    this.#session = undefined;
    session?.end();
    this.#lost(connectionLost());
  }

  /** Has the server prepare a statement, and tell what its rows look like. */
  #tell(query: string): Prepared {
    const isKept = this.#options.prepare && this.#prepared.size < MAX_PREPARED;
    const statement = { name: isKept ? `s${this.#named++}` : '', query, columns: [] };
    if (isKept) this.#prepared.set(query, statement);
    const { name } = statement;
    this.#outgoing.push(
      serialize.parse({ name, text: query }),
      serialize.describe({ type: 'S', name }),
    );
    return statement;
  }

  #batch(): Batch {
    if (!this.#open) {
      this.#open = { calls: [], at: 0, failure: undefined, settle: () => {} };
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
      const session = await signIn(this.#options.target, this.#options.timeoutMs);
      // Ended meanwhile, or lost already.
      if (this.#state !== 'opening') return session.end();
      this.#session = session;
      this.#state = 'open';
      this.#refusals = 0;
      this.#listen(session.messages);
      this.#watch(session);
      session.onGone(() => this.#lost(connectionLost(), session));
      this.#flush();
    } catch (error) {
      this.#refusals++;
      const delayMs = Math.min(50 * 2 ** this.#refusals, MAX_BACKOFF_MS);
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
    for (const batch of this.#batches.splice(0)) settleBatch(batch, batch.failure ?? error);
  }

  /** Counts looks, not the clock: a process that stood still itself has not been listening. */
  #watch(session: Session): void {
    let heard = this.#heard;
    let silentMs = 0;
    const timer = setInterval(() => {
      if (session !== this.#session) return clearInterval(timer);
      silentMs = this.#batches.length > 0 && heard === this.#heard ? silentMs + LOOK_MS : 0;
      heard = this.#heard;
      if (silentMs > this.#options.timeoutMs + SILENCE_MS) this.#lost(connectionLost(), session);
    }, LOOK_MS);
    timer.unref();
  }

  #listen(messages: Connection): void {
    messages.on('errorMessage', (error: DatabaseError) => this.#refused(this.#batches[0], error));
    messages.on('readyForQuery', () => this.#batchEnded());
    const answered = (take: (call: Call, message: never) => void) => (message: unknown) => {
      const batch = this.#batches[0];
      const call = batch?.calls[batch.at];
      if (call) take(call, message as never);
    };
    messages.on('dataRow', answered(takeRow));
    messages.on('rowDescription', answered(takeColumns));
    messages.on(
      'parseComplete',
      answered((call) => {
        call.tells = false;
      }),
    );
    const ended = answered((call, { text = '' }: { text?: string }) => {
      (this.#batches[0] as Batch).at++;
      this.#heard++;
      call.rows.command = text;
      call.rows.count = Number(text.slice(text.lastIndexOf(' ') + 1));
      call.settle(undefined, call.rows);
    });
    messages.on('commandComplete', ended).on('emptyQuery', ended);
  }

  #batchEnded(): void {
    const batch = this.#batches.shift();
    this.#heard++;
    if (batch) settleBatch(batch, batch.failure);
  }

  #refused(batch: Batch | undefined, message: DatabaseError): void {
    const error = new ServerError(message);
    if (staleRoutines.has(error.routine ?? '')) this.#prepared.clear();
    if (!batch) return;
    batch.failure = error;
    // What was told with a statement that failed, or that is skipped now, was not heard.
    for (const { tells, statement } of batch.calls.slice(batch.at)) {
      if (tells) this.#prepared.delete(statement.query);
    }
  }
}

function takeRow(call: Call, { fields }: { fields: (string | null)[] }): void {
  call.rows.push(call.shape(fields, call.statement.columns));
}

function takeColumns(call: Call, { fields }: { fields: { name: string; dataTypeID: number }[] }) {
  call.statement.columns = fields.map(({ name, dataTypeID }) => ({
    name,
    decode: decoderOf(dataTypeID),
  }));
}

function settleBatch(batch: Batch, failure: unknown): void {
  for (const call of batch.calls.slice(batch.at)) call.settle(failure, []);
  batch.settle(failure);
}

/** What a transaction meets when its connection goes away under it. */
export const connectionLost = (cause?: unknown): Error =>
  Object.assign(new Error('The connection to PostgreSQL was lost', { cause }), {
    code: 'CONNECTION_LOST',
  });
