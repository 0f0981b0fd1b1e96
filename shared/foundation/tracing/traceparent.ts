/** A place in a trace, as W3C Trace Context names it. */
export interface TracePlace {
  /** 32 hexadecimal digits. */
  traceId: string;
  /** 16 hexadecimal digits; undefined for a trace that begins here. */
  spanId: string | undefined;
  isSampled: boolean;
}

const LENGTH = 55;
const version00 = /^00-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})$/;
/** Of versions to come the beginning is known, and the rest must be set off. */
const later = /^(?!ff)[0-9a-f]{2}-([0-9a-f]{32})-([0-9a-f]{16})-([0-9a-f]{2})(-|$)/;
const nothing = /^0+$/;
/** No version that anybody has thought of is longer. */
const MAX_LENGTH = 512;

/** Reads a `traceparent`; undefined for what is none. */
export function parseTraceparent(text: string | undefined): TracePlace | undefined {
  if (text === undefined || text.length < LENGTH || text.length > MAX_LENGTH) return undefined;
  const [, traceId = '', spanId = '', flags = ''] =
    (text.startsWith('00-') ? version00 : later).exec(text) ?? [];
  if (traceId === '' || nothing.test(traceId) || nothing.test(spanId)) return undefined;
  return { traceId, spanId, isSampled: (Number.parseInt(flags, 16) & 1) === 1 };
}

/** The `traceparent` of a place. */
export const formatTraceparent = ({ traceId, spanId, isSampled }: TracePlace): string =>
  `00-${traceId}-${spanId}-${isSampled ? '01' : '00'}`;

/** Whether this is a `traceparent` of ours whose trace is recorded. */
export const isSampled = (traceparent: string | undefined): boolean =>
  traceparent?.endsWith('-01') === true;

/** A request id that can name a trace, as nginx makes them. */
export const asTraceId = (id: string | undefined): string | undefined =>
  id !== undefined && /^[0-9a-f]{32}$/.test(id) && !nothing.test(id) ? id : undefined;
