import { AsyncLocalStorage } from 'node:async_hooks';
import { withContext } from '@insightdesk/shared/logging';
import { formatTraceparent, parseTraceparent, type TracePlace } from './traceparent.ts';
import { type Span, type SpanOptions, silent, type Tracer } from './tracer.ts';

/** What the work under way belongs to. */
interface Active extends TracePlace {
  spanId: string;
  visit: Visit;
}

/** What one trace does in this process between a door and its end. */
interface Visit {
  left: number;
  endedAt: number | undefined;
}

/** A job of a million statements is no reason to lose everybody else's. */
const MAX_SPANS = 1_000;
/** What goes on longer after the end, such as a timer that was set meanwhile, is something else. */
const AFTERMATH_MS = 10_000;

const storage = new AsyncLocalStorage<Active>();
let tracer: Tracer | undefined;

/** Switches tracing on, or off, for this process. */
export function setTracer(one: Tracer | undefined): void {
  tracer = one;
}

/** Whether this process records traces. */
export const isTracing = (): boolean => tracer !== undefined;

function current(): Active | undefined {
  const active = storage.getStore();
  if (active?.visit.endedAt === undefined) return active;
  return performance.now() - active.visit.endedAt < AFTERMATH_MS ? active : undefined;
}

/** The `traceparent` of the work under way; undefined outside of any, and where tracing is off. */
export function currentTrace(): string | undefined {
  if (!tracer) return undefined;
  const active = current();
  return active && formatTraceparent(active);
}

export interface EntryOptions extends SpanOptions {
  /** `traceparent` that we wrote ourselves: whether it is recorded was decided there. */
  parent?: string | undefined;
  /** A stranger's `traceparent`: it names the trace, and decides nothing. */
  foreignParent?: string | undefined;
  /** Names the trace if nobody else does. */
  traceId?: string | undefined;
  /** Decided already, for a trace that begins here. */
  isRecorded?: boolean;
}

/**
 * A door: begins a trace, or goes on with one that came from elsewhere, whatever was under way here.
 * All lines that `work` logs carry its `traceId`.
 */
export function enterTrace<T>(options: EntryOptions, work: (span: Span) => T): T {
  if (!tracer) return work(silent);
  return begin(tracer, options, placeOf(tracer, options), work);
}

function placeOf(
  by: Tracer,
  { parent, foreignParent, traceId, isRecorded }: EntryOptions,
): TracePlace {
  const trusted = parseTraceparent(parent);
  if (trusted) return trusted;
  const named = parseTraceparent(foreignParent);
  return {
    traceId: named?.traceId ?? traceId ?? by.newId(16),
    spanId: named?.spanId,
    isSampled: isRecorded ?? by.takesRoot(),
  };
}

function begin<T>(by: Tracer, options: SpanOptions, at: TracePlace, work: (span: Span) => T): T {
  const visit: Visit = { left: MAX_SPANS, endedAt: undefined };
  const { traceId } = at;
  const inLog = (span: Span) => withContext({ traceId }, () => work(span));
  const end = () => {
    visit.endedAt = performance.now();
  };
  if (at.isSampled) return run(by, options, { at, visit, end }, inLog);
  const active = { traceId, spanId: by.newId(8), isSampled: false, visit };
  return storage.run(active, () => settled(() => inLog(silent), end));
}

export interface StepOptions extends SpanOptions {
  /** `traceparent` of ours that this belongs to, if it is not the work under way: that is linked. */
  parent?: string | undefined;
}

/** A step of the work under way; outside of any trace `work` is all there is. */
export function span<T>(options: StepOptions, work: (span: Span) => T): T {
  if (!tracer) return work(silent);
  const active = current();
  const at = parseTraceparent(options.parent);
  if (at) {
    const links = [active?.isSampled ? formatTraceparent(active) : undefined];
    return begin(tracer, { ...options, links: [...links, ...(options.links ?? [])] }, at, work);
  }
  if (!active?.isSampled) return work(silent);
  const { visit } = active;
  if (visit.left <= 0) {
    tracer.skipped();
    return work(silent);
  }
  visit.left--;
  return run(tracer, options, { at: active, visit, end() {} }, work);
}

function run<T>(
  by: Tracer,
  options: SpanOptions,
  { at, visit, end }: { at: TracePlace; visit: Visit; end(): void },
  work: (span: Span) => T,
): T {
  const one = by.start(options, at);
  const active = { traceId: at.traceId, spanId: one.spanId, isSampled: true, visit };
  const done = (failure?: { error: unknown }) => {
    if (failure) one.fail(failure.error);
    one.end();
    end();
  };
  return storage.run(active, () => settled(() => work(one), done));
}

/** Calls `done` when `work` has come to its end, later if that is a promise. */
function settled<T>(work: () => T, done: (failure?: { error: unknown }) => void): T {
  let result: T;
  try {
    result = work();
  } catch (error) {
    done({ error });
    throw error;
  }
  if (!(result instanceof Promise)) {
    done();
    return result;
  }
  return result.then(
    (value) => {
      done();
      return value;
    },
    (error) => {
      done({ error });
      throw error;
    },
  ) as T;
}

/** A span whose end its owner tells; its `traceparent` is for what follows from it. */
export interface OpenSpan extends Span {
  traceparent: string;
  end(): void;
}

/** Opens a span below a `traceparent` of ours; undefined when that is not recorded. */
export function openSpan(
  options: SpanOptions & { parent: string | undefined },
): OpenSpan | undefined {
  const at = parseTraceparent(options.parent);
  if (!tracer || !at?.isSampled) return undefined;
  const one = tracer.start(options, at);
  const { traceId } = at;
  const traceparent = formatTraceparent({ traceId, spanId: one.spanId, isSampled: true });
  return Object.assign(one, { traceparent });
}
