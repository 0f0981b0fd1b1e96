/** Distributed tracing: traceparents, spans, and their export to an OTLP collector. */

export { type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.ts';
export { pingCollector } from './ping-collector.ts';
export type { SpanOutcome } from './span-queue.ts';
export { startTracing, type TracedService, type TracingOptions } from './start-tracing.ts';
export {
  type ChildSpanOptions,
  currentTraceparent,
  isTracing,
  type StartedSpan,
  startSpan,
  startTrace,
  type TraceOptions,
  withSpan,
} from './trace.ts';
export { isSampled, parseTraceparent, toTraceId } from './traceparent.ts';
export type { Attributes, Span, SpanKind, SpanOptions } from './tracer.ts';
