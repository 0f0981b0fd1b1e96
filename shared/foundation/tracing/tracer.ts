import { parseTraceparent, type TraceContext } from './traceparent.ts';

/** Attributes of a span; never user content or secrets. */
export type Attributes = Record<string, string | number | boolean | undefined>;

/** OpenTelemetry span kind. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface SpanOptions {
  /** Of low cardinality. */
  name: string;
  kind?: SpanKind;
  attributes?: Attributes;
  /** `traceparent`s of other causes. */
  links?: readonly (string | undefined)[];
}

/** A running span; does nothing when the trace is not recorded. */
export interface Span {
  readonly isRecorded: boolean;
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** Marks it as failed with the code or class of the error, never its message. */
  fail(error: unknown): void;
}

/** A span that is being recorded. */
export interface RecordedSpan extends Span {
  spanId: string;
  end(): void;
}

/** Records spans; set while tracing is enabled. */
export interface Tracer {
  /** Whether a new trace is recorded. */
  shouldRecord(): boolean;
  newId(bytes: 8 | 16): string;
  start(options: SpanOptions, parent: TraceContext): RecordedSpan;
  /** Counts a span that is not recorded because its trace has too many. */
  countSkipped(): void;
}

/** The span of work that is not recorded. */
export const noopSpan: Span = { isRecorded: false, rename() {}, set() {}, fail() {} };

const MAX_LINKS = 32;

/** The valid links, at most 32. */
export const parseLinks = (links: SpanOptions['links'] = []): TraceContext[] =>
  links.flatMap((link) => parseTraceparent(link) ?? []).slice(0, MAX_LINKS);
