import { AsyncLocalStorage } from 'node:async_hooks';
import { withContext } from '@insightdesk/shared/logging';
import { formatTraceparent, parseTraceparent, type TraceContext } from './traceparent.ts';
import { noopSpan, type Span, type SpanOptions, type Tracer } from './tracer.ts';

/** The current span. */
interface ActiveSpan extends TraceContext {
  spanId: string;
  localTrace: LocalTrace;
}

/** State of a trace in this process, from `startTrace` to the end of its work. */
interface LocalTrace {
  remainingSpans: number;
  endedAt: number | undefined;
}

/** One trace must not displace the spans of others. */
const MAX_SPANS = 1_000;
/** Later work, such as that of a timer, no longer belongs to the trace. */
const MAX_LATE_MS = 10_000;

const storage = new AsyncLocalStorage<ActiveSpan>();
let tracer: Tracer | undefined;

/** Enables or disables tracing in this process. */
export function setTracer(value: Tracer | undefined): void {
  tracer = value;
}

/** Whether this process records traces. */
export const isTracing = (): boolean => tracer !== undefined;

function activeSpan(): ActiveSpan | undefined {
  const active = storage.getStore();
  if (active?.localTrace.endedAt === undefined) return active;
  return performance.now() - active.localTrace.endedAt < MAX_LATE_MS ? active : undefined;
}

/** The `traceparent` of the current span; undefined without one or when tracing is disabled. */
export function currentTraceparent(): string | undefined {
  if (!tracer) return undefined;
  const active = activeSpan();
  return active && formatTraceparent(active);
}

export interface TraceOptions extends SpanOptions {
  /** `traceparent` that our code has written: its sampling decision is kept. */
  parent?: string | undefined;
  /** `traceparent` of a client: only its trace id is used, not its sampling decision. */
  untrustedParent?: string | undefined;
  /** Trace id when there is no parent. */
  traceId?: string | undefined;
  /** Sampling decision for a new trace. */
  isRecorded?: boolean;
}

/**
 * Starts or continues a trace at an entry point, independent of the current span. All lines that `work`
 * logs have its `traceId`.
 */
export function startTrace<T>(options: TraceOptions, work: (span: Span) => T): T {
  if (!tracer) return work(noopSpan);
  return runTrace(tracer, options, contextOf(tracer, options), work);
}

function contextOf(
  tracer: Tracer,
  { parent, untrustedParent, traceId, isRecorded }: TraceOptions,
): TraceContext {
  const trusted = parseTraceparent(parent);
  if (trusted) return trusted;
  const untrusted = parseTraceparent(untrustedParent);
  return {
    traceId: untrusted?.traceId ?? traceId ?? tracer.newId(16),
    spanId: untrusted?.spanId,
    isSampled: isRecorded ?? tracer.shouldRecord(),
  };
}

function runTrace<T>(
  tracer: Tracer,
  options: SpanOptions,
  parent: TraceContext,
  work: (span: Span) => T,
): T {
  const localTrace: LocalTrace = { remainingSpans: MAX_SPANS, endedAt: undefined };
  const { traceId } = parent;
  const workWithLog = (span: Span) => withContext({ traceId }, () => work(span));
  const end = () => {
    localTrace.endedAt = performance.now();
  };
  if (parent.isSampled) return runSpan(tracer, options, { parent, localTrace, end }, workWithLog);
  const active = { traceId, spanId: tracer.newId(8), isSampled: false, localTrace };
  return storage.run(active, () => whenSettled(() => workWithLog(noopSpan), end));
}

export interface ChildSpanOptions extends SpanOptions {
  /** `traceparent` of ours to use instead of the current span, which becomes a link. */
  parent?: string | undefined;
}

/** Runs `work` in a child span of the current span; without a trace it only runs `work`. */
export function withSpan<T>(options: ChildSpanOptions, work: (span: Span) => T): T {
  if (!tracer) return work(noopSpan);
  const active = activeSpan();
  const parent = parseTraceparent(options.parent);
  if (parent) {
    const links = [active?.isSampled ? formatTraceparent(active) : undefined];
    return runTrace(
      tracer,
      { ...options, links: [...links, ...(options.links ?? [])] },
      parent,
      work,
    );
  }
  if (!active?.isSampled) return work(noopSpan);
  const { localTrace } = active;
  if (localTrace.remainingSpans <= 0) {
    tracer.countSkipped();
    return work(noopSpan);
  }
  localTrace.remainingSpans--;
  return runSpan(tracer, options, { parent: active, localTrace, end() {} }, work);
}

function runSpan<T>(
  tracer: Tracer,
  options: SpanOptions,
  { parent, localTrace, end }: { parent: TraceContext; localTrace: LocalTrace; end(): void },
  work: (span: Span) => T,
): T {
  const span = tracer.start(options, parent);
  const active = { traceId: parent.traceId, spanId: span.spanId, isSampled: true, localTrace };
  const done = (failure?: { error: unknown }) => {
    if (failure) span.fail(failure.error);
    span.end();
    end();
  };
  return storage.run(active, () => whenSettled(() => work(span), done));
}

/** Calls `done` when `work` has ended, also when it returns a promise. */
function whenSettled<T>(work: () => T, done: (failure?: { error: unknown }) => void): T {
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

/** A span that its owner ends; its `traceparent` is for what it causes. */
export interface StartedSpan extends Span {
  traceparent: string;
  end(): void;
}

/** Starts a span below a `traceparent` of ours; undefined when its trace is not recorded. */
export function startSpan(
  options: SpanOptions & { parent: string | undefined },
): StartedSpan | undefined {
  const parent = parseTraceparent(options.parent);
  if (!tracer || !parent?.isSampled) return undefined;
  const span = tracer.start(options, parent);
  const { traceId } = parent;
  const traceparent = formatTraceparent({ traceId, spanId: span.spanId, isSampled: true });
  return Object.assign(span, { traceparent });
}
