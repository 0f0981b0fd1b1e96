import { parseTraceparent, type TracePlace } from './traceparent.ts';

/** What a span says about itself; never what people wrote, and no secret. */
export type Attributes = Record<string, string | number | boolean | undefined>;

/** Who waits for whom: a caller, a called one, whoever leaves work behind, and whoever takes it up. */
export type SpanKind = 'internal' | 'server' | 'client' | 'producer' | 'consumer';

export interface SpanOptions {
  /** Of a bounded number of names. */
  name: string;
  kind?: SpanKind;
  attributes?: Attributes;
  /** `traceparent` of what else led here. */
  links?: readonly (string | undefined)[];
}

/** One step under way; silent when nothing is recorded. */
export interface Span {
  readonly isRecorded: boolean;
  rename(name: string): void;
  set(attributes: Attributes): void;
  /** Says that it failed, by the error's code or class: messages may quote anything. */
  fail(error: unknown): void;
}

/** A span that is being recorded. */
export interface RecordedSpan extends Span {
  spanId: string;
  end(): void;
}

/** Records spans; there is one where tracing is on. */
export interface Tracer {
  /** Whether a trace that begins here is recorded. */
  takesRoot(): boolean;
  newId(bytes: 8 | 16): string;
  start(options: SpanOptions, at: TracePlace): RecordedSpan;
  /** Spans that were not recorded because their trace has too many. */
  skipped(): void;
}

/** What work is given that nobody records. */
export const silent: Span = { isRecorded: false, rename() {}, set() {}, fail() {} };

const MAX_LINKS = 32;

/** Those of `links` that can be followed, a bounded number. */
export const linksOf = (links: SpanOptions['links'] = []): TracePlace[] =>
  links.flatMap((link) => parseTraceparent(link) ?? []).slice(0, MAX_LINKS);
