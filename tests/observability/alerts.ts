import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { root } from '../../tools/verify/run.ts';

const folder = join(root, 'deploy/observability');

/** An alerting rule of Prometheus; only the dead man's switch has the severity `none`. */
export interface Alert {
  alert: string;
  expr: string;
  for?: string;
  labels: { severity: 'critical' | 'warning' | 'none' };
  annotations: { summary: string };
}

/** Paths of the shipped rule files. */
export const ruleFiles = (): string[] =>
  [...new Bun.Glob('rules/*.yml').scanSync(folder)].sort().map((path) => join(folder, path));

/** All alerts of the shipped rule files. */
export const listAlerts = (): Alert[] =>
  ruleFiles().flatMap((path) => {
    const { groups } = Bun.YAML.parse(readFileSync(path, 'utf8')) as {
      groups: { rules: Alert[] }[];
    };
    return groups.flatMap(({ rules }) => rules);
  });
