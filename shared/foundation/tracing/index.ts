/** One trace through all services: places in it, spans, and their way to a collector. */
export { openTracing, type TracedService, type TracingOptions } from './open-tracing.ts';
export type { SpanOutcome } from './span-queue.ts';
export {
  type Attributes,
  currentTrace,
  type EntryOptions,
  enterTrace,
  isTracing,
  type OpenSpan,
  openSpan,
  type Span,
  type SpanKind,
  type SpanOptions,
  type StepOptions,
  span,
} from './trace.ts';
export { asTraceId, isSampled, parseTraceparent } from './traceparent.ts';
