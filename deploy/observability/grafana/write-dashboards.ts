import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import {
  type Dashboard as GrafanaDashboard,
  type Panel as GrafanaPanel,
  type GraphFieldConfig,
  LegendDisplayMode,
  SortOrder,
  TooltipDisplayMode,
  type VizLegendOptions,
  type VizTooltipOptions,
} from '@grafana/schema';
import { dashboards } from './dashboards.ts';
import type { Dashboard, Panel } from './panels.ts';

export const folder = join(import.meta.dir, 'dashboards');

const WIDTH = 12;
const HEIGHT = 8;
const source = { type: 'prometheus', uid: 'insightdesk' };

const custom = { fillOpacity: 10 } satisfies GraphFieldConfig;
const legend: VizLegendOptions = {
  showLegend: true,
  displayMode: LegendDisplayMode.Table,
  placement: 'right',
  calcs: ['lastNotNull', 'max'],
};
const tooltip: VizTooltipOptions = { mode: TooltipDisplayMode.Multi, sort: SortOrder.Descending };

/** Grafana's own form, by name of file: `bun deploy/observability/grafana/write-dashboards.ts` writes it. */
export const files = (): Map<string, string> =>
  new Map(
    dashboards.map((dashboard) => [
      `${dashboard.uid}.json`,
      `${JSON.stringify(toGrafana(dashboard), null, 2)}\n`,
    ]),
  );

const toGrafana = ({ uid, title, panels }: Dashboard): GrafanaDashboard => ({
  uid,
  title,
  tags: ['insightdesk'],
  schemaVersion: 39,
  version: 1,
  editable: false,
  timezone: 'browser',
  time: { from: 'now-3h', to: 'now' },
  refresh: '30s',
  templating: { list: [] },
  annotations: { list: [] },
  panels: panels.map(toPanel),
});

function toPanel({ title, description, unit, lines }: Panel, at: number): GrafanaPanel {
  return {
    id: at + 1,
    type: 'timeseries',
    title,
    description,
    datasource: source,
    gridPos: { x: (at % 2) * WIDTH, y: Math.floor(at / 2) * HEIGHT, w: WIDTH, h: HEIGHT },
    fieldConfig: { defaults: { unit, min: 0, custom }, overrides: [] },
    options: { legend, tooltip },
    targets: Object.entries(lines).map(([legendFormat, expr], line) => ({
      refId: String.fromCharCode(65 + line),
      datasource: source,
      editorMode: 'code',
      range: true,
      expr,
      legendFormat,
    })),
  };
}

if (import.meta.main) {
  mkdirSync(folder, { recursive: true });
  for (const [name, text] of files()) writeFileSync(join(folder, name), text);
}
