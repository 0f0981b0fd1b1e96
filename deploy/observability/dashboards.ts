import { readFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import { z } from 'zod';

const datasource = z.object({ type: z.literal('prometheus'), uid: z.literal('insightdesk') });

const dashboard = z.object({
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string().min(1),
  schemaVersion: z.int().min(36),
  panels: z.array(
    z.object({
      id: z.int().positive(),
      type: z.literal('timeseries'),
      title: z.string().min(1),
      description: z.string().min(1),
      datasource,
      gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
      fieldConfig: z.object({ defaults: z.object({ unit: z.string() }) }),
      targets: z
        .array(z.object({ refId: z.string(), expr: z.string().min(1), legendFormat: z.string() }))
        .min(1),
    }),
  ),
});

export type Dashboard = z.infer<typeof dashboard> & { file: string };

/** Every Grafana dashboard that is shipped. Throws if Grafana would not load one. */
export const listDashboards = (): Dashboard[] =>
  [...new Bun.Glob('grafana/dashboards/*.json').scanSync(import.meta.dir)].sort().map((path) => ({
    file: basename(path),
    ...dashboard.parse(JSON.parse(readFileSync(join(import.meta.dir, path), 'utf8'))),
  }));
