import { expect, test } from 'bun:test';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { z } from 'zod';
import { listAlerts } from './alerts.ts';
import { files, folder } from './grafana/write-dashboards.ts';
import { operandsOf } from './operands.ts';

const root = join(import.meta.dir, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const alerts = listAlerts();

test('every alert has a paragraph on what to do, and no paragraph is of none', () => {
  const [, section = ''] = read('docs/operations.md').split('## Answering an alert');
  const [own = ''] = section.split('\n## ');
  const told = Array.from(own.matchAll(/^- \*\*(\w+)\*\*/gm), ([, name = '']) => name);
  expect(told.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
});

test.each(alerts)('$alert says how bad it is and what is the matter', (alert) => {
  expect(['critical', 'warning']).toContain(alert.labels.severity);
  expect(alert.annotations.summary.length).toBeGreaterThan(10);
});

test('the dashboards are as they are described', () => {
  const described = files();
  expect(readdirSync(folder).sort()).toEqual([...described.keys()].sort());
  for (const [name, text] of described) {
    expect(readFileSync(join(folder, name), 'utf8')).toBe(text);
  }
});

const source = z.object({ type: z.literal('prometheus'), uid: z.string() });
const grafana = z.object({
  uid: z.string().regex(/^[\w-]{1,40}$/),
  title: z.string().min(1),
  schemaVersion: z.int().min(36),
  panels: z.array(
    z.object({
      id: z.int().positive(),
      type: z.literal('timeseries'),
      title: z.string().min(1),
      description: z.string().min(1),
      datasource: source,
      gridPos: z.object({ x: z.int(), y: z.int(), w: z.int(), h: z.int() }),
      fieldConfig: z.object({
        defaults: z.object({ unit: z.string() }),
        overrides: z.array(z.any()),
      }),
      targets: z
        .array(z.object({ refId: z.string(), expr: z.string().min(1), legendFormat: z.string() }))
        .min(1),
    }),
  ),
});

test.each([...files()])('%s is what Grafana takes', (_, text) => {
  const { panels } = grafana.parse(JSON.parse(text));
  const [known] = Array.from(
    read('deploy/observability/grafana/provisioning/datasources/prometheus.yml').matchAll(
      /uid: (\S+)/g,
    ),
    ([, uid]) => uid,
  );
  expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
  expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(panels.length);
  for (const { datasource, gridPos, targets } of panels) {
    expect(datasource.uid).toBe(known ?? '');
    expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
    expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
  }
});

test.each([
  ['up == 0', ['up']],
  ['(sum(a) or vector(0)) / sum(b > 0) > 0.02', ['(sum(a) or vector(0)) / sum(b > 0)']],
  ['a{b="c > d"} > 2 and e\n  unless f{g!~"h"} == 1', ['a{b="c > d"}', 'e', 'f{g!~"h"}']],
])('%p compares %p', (query, operands) => expect(operandsOf(query)).toEqual(operands));
