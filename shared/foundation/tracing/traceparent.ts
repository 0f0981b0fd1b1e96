/** Trace and span ids of W3C Trace Context. */
export interface TraceContext {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits; undefined for a new trace. */
  spanId: string | undefined;
  isSampled: boolean;
}

const MIN_LENGTH = 55;
const version00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
/** Future versions have the same prefix, followed by a dash or the end. */
const laterVersion = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-|$)/;
const allZeros = /^0+$/;
/** Longer values are refused without parsing. */
const MAX_LENGTH = 512;

/** Parses a `traceparent`; undefined when it is invalid. */
export function parseTraceparent(text: string | undefined): TraceContext | undefined {
  if (text === undefined || text.length < MIN_LENGTH || text.length > MAX_LENGTH) return undefined;
  const [, traceId = '', spanId = '', flags = ''] =
    (text.startsWith('00-') ? version00 : laterVersion).exec(text) ?? [];
  if (traceId === '' || allZeros.test(traceId) || allZeros.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** Formats a `traceparent`. */
export const formatTraceparent = ({ traceId, spanId, isSampled }: TraceContext): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;

/** Whether this `traceparent` of ours is recorded. */
export const isSampled = (traceparent: string | undefined): boolean =>
  traceparent?.endsWith('-01') === true;

/** The trace id of a request id; undefined unless it has the format that nginx creates. */
export const toTraceId = (id: string | undefined): string | undefined =>
  id !== undefined && /^[0-9a-f]{32}$/.test(id) && !allZeros.test(id) ? id : undefined;
