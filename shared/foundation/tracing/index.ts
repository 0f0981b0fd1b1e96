/** Distributed tracing: traceparents, spans, and their export to an OTLP collector. */

export { type ReceivedSpan, startOtlpReceiver } from './otlp-receiver.ts';
export { pingCollector } from './ping-collector.ts';
export type { SpanOutcome } from './span-queue.ts';
export { startTracing } from './start-tracing.ts';
export { currentTraceparent, isTracing, startSpan, startTrace, withSpan } from './trace.ts';
export { isSampled, toTraceId } from './traceparent.ts';
export type { Span } from './tracer.ts';
