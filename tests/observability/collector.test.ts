import { expect, test } from 'bun:test';
import { join } from 'node:path';

interface Collector {
  extensions: object;
  receivers: { otlp: { protocols: { http: { endpoint: string; max_request_body_size: number } } } };
  processors: object;
  exporters: object;
  service: {
    extensions: string[];
    pipelines: Record<string, Record<'receivers' | 'processors' | 'exporters', string[]>>;
  };
}

const text = await Bun.file(
  join(import.meta.dir, '../../deploy/observability/collector.yml'),
).text();
const collector = Bun.YAML.parse(text) as Collector;

test('the collector pipeline uses every configured component', () => {
  const { service } = collector;
  expect(Object.keys(service.pipelines)).toEqual(['traces']);
  for (const kind of ['receivers', 'processors', 'exporters'] as const) {
    const used = Object.values(service.pipelines).flatMap((pipeline) => pipeline[kind]);
    expect(new Set(used)).toEqual(new Set(Object.keys(collector[kind])));
  }
  expect(service.extensions).toEqual(Object.keys(collector.extensions));
  // Behind another processor it would reject batches too late.
  expect(service.pipelines.traces?.processors[0]).toBe('memory_limiter');
});

test('the collector listens where .env.example says and accepts a full batch', async () => {
  const { http } = collector.receivers.otlp.protocols;
  const example = await Bun.file(join(import.meta.dir, '../../.env.example')).text();
  const port = /OTEL_EXPORTER_OTLP_ENDPOINT=http:\/\/127\.0\.0\.1:(\d+)/.exec(example)?.[1];
  expect(http.endpoint).toBe(`0.0.0.0:${port}`);
  expect(http.max_request_body_size).toBeGreaterThan(512 * 32 * 256);
});
