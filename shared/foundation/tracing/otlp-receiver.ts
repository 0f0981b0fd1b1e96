/** A received span. */
export interface ReceivedSpan {
  /** For example `api-1`. */
  replica: string;
  service: string;
  name: string;
  traceId: string;
  spanId: string;
  parentSpanId: string | undefined;
  links: { traceId: string; spanId: string }[];
  attributes: Record<string, unknown>;
  isFailed: boolean;
}

interface Attribute {
  key: string;
  value: Record<string, unknown>;
}

interface ExportRequest {
  resourceSpans: {
    resource: { attributes: Attribute[] };
    scopeSpans: {
      spans: {
        name: string;
        traceId: string;
        spanId: string;
        parentSpanId?: string;
        links?: { traceId: string; spanId: string }[];
        attributes: Attribute[];
        status?: { code?: number };
      }[];
    }[];
  }[];
}

/** An OTLP/HTTP collector for tests that stores received spans; `respond` may refuse or wait. */
export function startOtlpReceiver(respond: () => Response | Promise<Response> = accepted) {
  const spans: ReceivedSpan[] = [];
  const requests: { path: string; headers: Headers }[] = [];
  const server = Bun.serve({
    hostname: '127.0.0.1',
    port: 0,
    async fetch(request) {
      requests.push({ path: new URL(request.url).pathname, headers: request.headers });
      const exported = (await request.json()) as ExportRequest;
      const response = await respond();
      if (response.ok) spans.push(...readSpans(exported));
      return response;
    },
  });
  return {
    url: `http://127.0.0.1:${server.port}`,
    spans,
    requests,
    close: () => server.stop(true),
  };
}

const accepted = () => Response.json({});

const readSpans = ({ resourceSpans }: ExportRequest): ReceivedSpan[] =>
  resourceSpans.flatMap(({ resource, scopeSpans }) => {
    const resourceValues = valuesOf(resource.attributes);
    return scopeSpans
      .flatMap(({ spans }) => spans)
      .map(({ name, traceId, spanId, parentSpanId, links = [], attributes, status }) => ({
        replica: String(resourceValues['service.instance.id']),
        service: String(resourceValues['service.name']),
        name,
        traceId,
        spanId,
        parentSpanId: parentSpanId || undefined,
        links: links.map((link) => ({ traceId: link.traceId, spanId: link.spanId })),
        attributes: valuesOf(attributes),
        isFailed: status?.code === 2,
      }));
  });

const valuesOf = (attributes: Attribute[]) =>
  Object.fromEntries(attributes.map(({ key, value }) => [key, Object.values(value)[0]]));
