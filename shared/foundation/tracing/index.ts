/** One trace through all services: places in it, spans, and their way to a collector. */
export { openTracing, type TracedService, type TracingOptions } from './open-tracing.ts';
export { openOtlpReceiver, type ReceivedSpan } from './otlp-receiver.ts';
export { pingCollector } from './ping-collector.ts';
export type { SpanOutcome } from './span-queue.ts';
export {
  currentTrace,
  type EntryOptions,
  enterTrace,
  isTracing,
  type OpenSpan,
  openSpan,
  type StepOptions,
  span,
} from './trace.ts';
export { asTraceId, isSampled, parseTraceparent } from './traceparent.ts';
export type { Attributes, Span, SpanKind, SpanOptions } from './tracer.ts';
