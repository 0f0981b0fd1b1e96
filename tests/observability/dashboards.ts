import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { root } from '../../tools/verify/run.ts';

const folder = join(root, 'deploy/observability/grafana/dashboards');

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

/** The shipped Grafana dashboards. Throws if Grafana would not load one. */
export const listDashboards = (): Dashboard[] =>
  [...new Bun.Glob('*.json').scanSync(folder)].sort().map((path) => ({
    file: path,
    ...dashboard.parse(JSON.parse(readFileSync(join(folder, path), 'utf8'))),
  }));
