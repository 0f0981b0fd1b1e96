import { randomBytes } from 'node:crypto';
import type { Span as SdkSpan } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { tracesUrl } from './ping-collector.ts';
import { createSampler } from './sampler.ts';
import { createSpanQueue, type SpanOutcome } from './span-queue.ts';
import { setTracer } from './trace.ts';
import type { TracePlace } from './traceparent.ts';
import { linksOf, type RecordedSpan, type SpanOptions, type Tracer } from './tracer.ts';

export interface TracingOptions {
  /** The base address of a collector that takes OTLP/HTTP. */
  endpoint: string;
  otlpHeaders?: Readonly<Record<string, string>>;
  /** Of the traces that begin here, 0 to 1. */
  ratio: number;
  maxPerSecond: number;
  /** Told what became of spans. */
  count?(outcome: SpanOutcome, spans: number): void;
  /** For one batch with everything that is tried again; 5 s. */
  timeoutMs?: number;
  /** Spans that wait at most; 4,096. */
  maxWaiting?: number;
}

/** Who records. */
export interface TracedService {
  service: string;
  replica: string;
  environment: string;
}

const spanLimits = {
  attributeValueLengthLimit: 256,
  attributeCountLimit: 32,
  linkCountLimit: 32,
  eventCountLimit: 0,
};

/** Switches tracing on in this process, and loads what that takes; `close` sends what is left. */
export async function openTracing(options: TracingOptions, by: TracedService) {
  const [api, sdk, { resourceFromAttributes }, { OTLPTraceExporter }] = await Promise.all([
    import('@opentelemetry/api'),
    import('@opentelemetry/sdk-trace'),
    import('@opentelemetry/resources'),
    import('@opentelemetry/exporter-trace-otlp-http'),
  ]);
  const { count = () => {}, timeoutMs = 5_000, maxWaiting } = options;
  const exporter = new OTLPTraceExporter({
    url: tracesUrl(options.endpoint),
    headers: { ...options.otlpHeaders },
    timeoutMillis: timeoutMs,
    concurrencyLimit: 1,
  });
  const queue = createSpanQueue<ReadableSpan>({
    send: (spans) =>
      new Promise((resolve) => exporter.export(spans, ({ code }) => resolve(code === 0))),
    count,
    ...(maxWaiting !== undefined && { maxWaiting }),
  });
  const ids = createIds();
  const provider = new sdk.TracerProvider({
    sampler: new sdk.AlwaysOnSampler(),
    idGenerator: ids,
    spanLimits,
    resource: resourceFromAttributes({
      'service.namespace': 'insightdesk',
      'service.name': `insightdesk-${by.service}`,
      'service.instance.id': by.replica,
      'deployment.environment.name': by.environment,
    }),
    spanProcessors: [
      {
        onStart() {},
        onEnd: (span) => queue.add(span),
        forceFlush: async () => {},
        shutdown: async () => {},
      },
    ],
  });
  setTracer(createTracer(api, provider.getTracer('insightdesk'), ids, { ...options, count }));
  return {
    async close(deadlineMs: number): Promise<void> {
      setTracer(undefined);
      await queue.close(deadlineMs);
    },
  };
}

type Api = typeof import('@opentelemetry/api');

function createTracer(
  api: Api,
  sdk: ReturnType<Api['trace']['getTracer']>,
  ids: ReturnType<typeof createIds>,
  { count, ...options }: TracingOptions & Required<Pick<TracingOptions, 'count'>>,
): Tracer {
  const kinds = {
    internal: api.SpanKind.INTERNAL,
    server: api.SpanKind.SERVER,
    client: api.SpanKind.CLIENT,
    producer: api.SpanKind.PRODUCER,
    consumer: api.SpanKind.CONSUMER,
  };
  const toContext = ({ traceId, spanId = '' }: TracePlace) => ({
    traceId,
    spanId,
    traceFlags: api.TraceFlags.SAMPLED,
    isRemote: true,
  });
  return {
    takesRoot: createSampler(options),
    newId: (bytes) => randomBytes(bytes).toString('hex'),
    skipped: () => count('dropped', 1),
    start({ name, kind = 'internal', attributes = {}, links }: SpanOptions, at) {
      const { ROOT_CONTEXT, trace } = api;
      const parent = at.spanId ? trace.setSpanContext(ROOT_CONTEXT, toContext(at)) : ROOT_CONTEXT;
      // Without a parent the SDK asks for an id at once.
      ids.next = at.traceId;
      const one = sdk.startSpan(
        name,
        {
          kind: kinds[kind],
          attributes: defined(attributes),
          links: linksOf(links).map((link) => ({ context: toContext(link) })),
        },
        parent,
      );
      return toSpan(one, api.SpanStatusCode.ERROR);
    },
  };
}

function toSpan(one: SdkSpan, failed: number): RecordedSpan {
  return {
    isRecorded: true,
    spanId: one.spanContext().spanId,
    rename: (name) => void one.updateName(name),
    set: (attributes) => void one.setAttributes(defined(attributes)),
    fail(error) {
      one.setStatus({ code: failed });
      one.setAttribute('error.type', typeOf(error));
    },
    end: () => one.end(),
  };
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Gives the trace that a span without a parent belongs to. */
function createIds() {
  const newId = (bytes: number) => randomBytes(bytes).toString('hex');
  return {
    next: '',
    generateTraceId() {
      return this.next || newId(16);
    },
    generateSpanId: () => newId(8),
  };
}

const defined = (attributes: SpanOptions['attributes'] = {}) =>
  Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  ) as Record<string, string | number | boolean>;
