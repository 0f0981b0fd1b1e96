import { randomBytes } from 'node:crypto';
import type { Span as SdkSpan } from '@opentelemetry/api';
import type { ReadableSpan } from '@opentelemetry/sdk-trace';
import { tracesUrl } from './ping-collector.ts';
import { createSampler } from './sampler.ts';
import { createSpanQueue, type SpanOutcome } from './span-queue.ts';
import { setTracer } from './trace.ts';
import type { TraceContext } from './traceparent.ts';
import { parseLinks, type RecordedSpan, type SpanOptions, type Tracer } from './tracer.ts';

export interface TracingOptions {
  /** Base URL of an OTLP/HTTP collector. */
  endpoint: string;
  otlpHeaders?: Readonly<Record<string, string>>;
  /** Share of the traces started here that is recorded, 0 to 1. */
  ratio: number;
  maxPerSecond: number;
  /** Called with the outcome of spans. */
  count?(outcome: SpanOutcome, spans: number): void;
  /** For one batch including retries; 5 s. */
  timeoutMs?: number;
  /** Maximum number of waiting spans; 4,096. */
  maxWaiting?: number;
}

/** The service that records spans. */
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

/** Enables tracing in this process and loads the SDK; `close` sends the waiting spans. */
export async function startTracing(options: TracingOptions, service: TracedService) {
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
      'service.name': `insightdesk-${service.service}`,
      'service.instance.id': service.replica,
      'deployment.environment.name': service.environment,
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
  const toSpanContext = ({ traceId, spanId = '' }: TraceContext) => ({
    traceId,
    spanId,
    traceFlags: api.TraceFlags.SAMPLED,
    isRemote: true,
  });
  return {
    shouldRecord: createSampler(options),
    newId: (bytes) => randomBytes(bytes).toString('hex'),
    countSkipped: () => count('dropped', 1),
    start({ name, kind = 'internal', attributes = {}, links }: SpanOptions, parentContext) {
      const { ROOT_CONTEXT, trace } = api;
      const parent = parentContext.spanId
        ? trace.setSpanContext(ROOT_CONTEXT, toSpanContext(parentContext))
        : ROOT_CONTEXT;
      // Without a parent the SDK requests a trace id now.
      ids.nextTraceId = parentContext.traceId;
      const sdkSpan = sdk.startSpan(
        name,
        {
          kind: kinds[kind],
          attributes: withoutUndefined(attributes),
          links: parseLinks(links).map((link) => ({ context: toSpanContext(link) })),
        },
        parent,
      );
      return toSpan(sdkSpan, api.SpanStatusCode.ERROR);
    },
  };
}

function toSpan(sdkSpan: SdkSpan, errorStatus: number): RecordedSpan {
  return {
    isRecorded: true,
    spanId: sdkSpan.spanContext().spanId,
    rename: (name) => void sdkSpan.updateName(name),
    set: (attributes) => void sdkSpan.setAttributes(withoutUndefined(attributes)),
    fail(error) {
      sdkSpan.setStatus({ code: errorStatus });
      sdkSpan.setAttribute('error.type', typeOf(error));
    },
    end: () => sdkSpan.end(),
  };
}

function typeOf(error: unknown): string {
  if (!(error instanceof Error)) return typeof error;
  return 'code' in error && typeof error.code === 'string' ? error.code : error.name;
}

/** Id generator that sets the trace id of a span without a parent. */
function createIds() {
  const newId = (bytes: number) => randomBytes(bytes).toString('hex');
  return {
    nextTraceId: '',
    generateTraceId() {
      return this.nextTraceId || newId(16);
    },
    generateSpanId: () => newId(8),
  };
}

const withoutUndefined = (attributes: SpanOptions['attributes'] = {}) =>
  Object.fromEntries(
    Object.entries(attributes).filter(([, value]) => value !== undefined),
  ) as Record<string, string | number | boolean>;
