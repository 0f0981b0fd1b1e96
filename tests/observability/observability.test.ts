import { expect, test } from 'bun:test';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { listAlerts } from './alerts.ts';
import { listDashboards } from './dashboards.ts';
import { listOperands } from './operands.ts';

const root = join(import.meta.dir, '../..');
const read = (path: string) => readFileSync(join(root, path), 'utf8');
const alerts = listAlerts();

test('every alert has a runbook paragraph, and every paragraph an alert', () => {
  const runbook = read('docs/operations/alerts.md');
  const documented = Array.from(runbook.matchAll(/^- \*\*(\w+)\*\*/gm), ([, name = '']) => name);
  expect(documented.toSorted()).toEqual(alerts.map(({ alert }) => alert).toSorted());
});

test.each(alerts)('$alert has a severity and a summary', (alert) => {
  const severities = alert.alert === 'Watchdog' ? ['none'] : ['critical', 'warning'];
  expect(severities).toContain(alert.labels.severity);
  expect(alert.annotations.summary.length).toBeGreaterThan(10);
});

test.each(listDashboards())(
  '$file: panels have unique ids and positions',
  ({ uid, file, panels }) => {
    expect(file).toBe(`${uid}.json`);
    expect(new Set(panels.map(({ id }) => id)).size).toBe(panels.length);
    expect(new Set(panels.map(({ gridPos: { x, y } }) => `${x} ${y}`)).size).toBe(panels.length);
    for (const { gridPos, targets } of panels) {
      expect(gridPos.x + gridPos.w).toBeLessThanOrEqual(24);
      expect(new Set(targets.map(({ refId }) => refId)).size).toBe(targets.length);
    }
  },
);

test.each([
  ['up == 0', ['up']],
  ['(sum(a) or vector(0)) / sum(b > 0) > 0.02', ['(sum(a) or vector(0)) / sum(b > 0)']],
  ['a{b="c > d"} > 2 and e\n  unless f{g!~"h"} == 1', ['a{b="c > d"}', 'e', 'f{g!~"h"}']],
])('listOperands of %p returns %p', (query, operands) =>
  expect(listOperands(query)).toEqual(operands),
);
