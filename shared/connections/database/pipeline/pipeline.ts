import type { Socket } from 'node:net';
import { login } from './login.ts';
import { createReader, errorFields, Outgoing, type Parameter, Reply } from './messages.ts';
import { ServerError, staleRoutines } from './server-error.ts';
import type { Target } from './target.ts';
import { type Decode, decoderOf, plainTypes } from './values.ts';

export interface ResultColumn {
  name: string;
  decode: Decode;
  /** Whether its values are letters of one byte each. */
  isPlain: boolean;
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
/**
 * One PostgreSQL connection over which statements leave without waiting for answers: what is issued
 * in one turn of the event loop is one write. Connects on first use, and again after a loss.
 */
export class Pipeline {
  /** How often the connection was lost; a transaction that sees it change is void. */
  losses = 0;
  readonly #options: PipelineOptions;
  readonly #outgoing = new Outgoing();
  #socket: Socket | undefined;
  #state: 'closed' | 'opening' | 'open' | 'ended' = 'closed';
  #prepared = new Map<string, Prepared>();
  #named = 0;
  #batches: Batch[] = [];
  #open: Batch | undefined;
  #isFlushing = false;
  #refusals = 0;
  #retryAt = 0;

  constructor(options: PipelineOptions) {
    this.#options = options;
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
    if (statement === undefined) {
      const name = this.#options.prepare ? `s${this.#named++}` : '';
      statement = { name, query, columns: [] };
      if (this.#options.prepare) this.#prepared.set(query, statement);
      this.#outgoing.parse(name, query);
    }
    this.#outgoing.execute(statement.name, parameters);
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
    this.#outgoing.sync();
    this.#open = undefined;
    this.#flushSoon();
  }

  /** Waits for what is under way, then says goodbye. */
  async end(timeoutMs: number): Promise<void> {
    const deadline = performance.now() + timeoutMs;
    while (this.#batches.length > 0 && performance.now() < deadline) await Bun.sleep(5);
    this.#state = 'ended';
    const socket = this.#socket;
    this.#socket = undefined;
    socket?.end(Buffer.from('X\0\0\0\x04', 'latin1'));
    this.#lost(connectionLost());
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
    if (this.#state === 'open' && !this.#outgoing.isEmpty) {
      this.#socket?.write(this.#outgoing.take());
    }
  }

  async #connect(): Promise<void> {
    this.#state = 'opening';
    await Bun.sleep(Math.max(0, this.#retryAt - performance.now()));
    try {
      const socket = await login(this.#options.target, this.#options.timeoutMs);
      if (this.#state !== 'opening') return void socket.destroy();
      this.#socket = socket;
      this.#state = 'open';
      this.#refusals = 0;
      const read = createReader((type, bytes, start, end) =>
        this.#receive(type, bytes, start, end),
      );
      socket.on('data', read);
      const gone = () => this.#lost(connectionLost(), socket);
      socket.on('error', gone).on('close', gone);
      this.#flush();
    } catch (error) {
      this.#refusals++;
      const delayMs = Math.min(50 * 2 ** this.#refusals, MAX_BACKOFF_MS);
      this.#retryAt = performance.now() + delayMs * (0.5 + Math.random() / 2);
      this.#lost(error);
    }
  }

  #lost(error: unknown, socket = this.#socket): void {
    if (socket !== this.#socket) return;
    this.losses++;
    this.#socket?.destroy();
    this.#socket = undefined;
    if (this.#state !== 'ended') this.#state = 'closed';
    this.#prepared.clear();
    this.#outgoing.clear();
    this.#open = undefined;
    for (const batch of this.#batches.splice(0)) settleBatch(batch, batch.failure ?? error);
  }

  #receive(type: number, bytes: Buffer, start: number, end: number): void {
    const batch = this.#batches[0];
    if (type === Reply.error) this.#refused(batch, bytes, start, end);
    else if (type === Reply.ready) this.#batchEnded();
    else {
      const call = batch?.calls[batch.at];
      if (batch && call) answer(batch, call, type, bytes, start, end);
    }
  }

  #batchEnded(): void {
    const batch = this.#batches.shift();
    if (batch) settleBatch(batch, batch.failure);
  }

  #refused(batch: Batch | undefined, bytes: Buffer, start: number, end: number): void {
    const error = new ServerError(errorFields(bytes, start, end));
    if (staleRoutines.has(error.routine ?? '')) this.#prepared.clear();
    if (!batch) return;
    batch.failure = error;
    // What was told with a statement that failed, or that is skipped now, was not heard.
    for (const { tells, statement } of batch.calls.slice(batch.at)) {
      if (tells) this.#prepared.delete(statement.query);
    }
  }
}

function answer(
  batch: Batch,
  call: Call,
  ...[type, bytes, start, end]: [type: number, bytes: Buffer, start: number, end: number]
): void {
  if (type === Reply.row) call.rows.push(readRow(bytes, start, end, call));
  else if (type === Reply.rowDescription) call.statement.columns = readColumns(bytes, start);
  else if (type === Reply.parsed) call.tells = false;
  else if (type === Reply.command || type === Reply.empty) {
    batch.at++;
    call.rows.command = bytes.toString('latin1', start, end - 1);
    call.rows.count = Number(call.rows.command.slice(call.rows.command.lastIndexOf(' ') + 1));
    call.settle(undefined, call.rows);
  }
}

function settleBatch(batch: Batch, failure: unknown): void {
  for (const call of batch.calls.slice(batch.at)) call.settle(failure, []);
  batch.settle(failure);
}

function readRow(bytes: Buffer, start: number, end: number, { shape, statement }: Call): unknown {
  const count = bytes.readInt16BE(start);
  const texts = new Array<string | null>(count);
  const { columns } = statement;
  // One text for all plain values: making many small ones is most of what reading a row costs.
  const plain = bytes.toString('latin1', start, end);
  let at = start + 2;
  for (let column = 0; column < count; column++) {
    const length = bytes.readInt32BE(at);
    at += 4;
    if (length < 0) texts[column] = null;
    else {
      texts[column] = columns[column]?.isPlain
        ? plain.slice(at - start, at - start + length)
        : bytes.toString('utf8', at, at + length);
      at += length;
    }
  }
  return shape(texts, columns);
}

function readColumns(bytes: Buffer, start: number): ResultColumn[] {
  const columns: ResultColumn[] = [];
  let at = start + 2;
  for (let left = bytes.readInt16BE(start); left > 0; left--) {
    const end = bytes.indexOf(0, at);
    const name = bytes.toString('utf8', at, end);
    const type = bytes.readInt32BE(end + 7);
    columns.push({ name, decode: decoderOf(type), isPlain: plainTypes.has(type) });
    at = end + 19;
  }
  return columns;
}

/** What a transaction meets when its connection goes away under it. */
export const connectionLost = (): Error =>
  Object.assign(new Error('The connection to PostgreSQL was lost'), { code: 'CONNECTION_LOST' });
