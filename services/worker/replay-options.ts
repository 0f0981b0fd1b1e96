import { isId } from '@insightdesk/shared/contract';
import { events, jobs } from '@insightdesk/shared/domain/catalog';
import { didYouMean } from '@insightdesk/shared/utils';
import type { ReplayOptions } from './replay-events.ts';

interface CommandLine {
  since?: string | undefined;
  until?: string | undefined;
  tenant?: string | undefined;
  event?: string | undefined;
  to?: string | undefined;
  'dry-run'?: boolean | undefined;
}

const targets = ['channels', 'webhooks', 'jobs', ...jobs.map(({ name }) => name)];

/** The options of the command line, or its error. */
export function readReplayOptions(given: CommandLine): ReplayOptions | string {
  const { tenant, event, to = '' } = given;
  const since = parseTime(given.since);
  const until = given.until === undefined ? new Date() : parseTime(given.until);
  if (!since) return '--since takes a time such as 2026-01-31T08:00:00Z';
  if (!until) return '--until takes a time such as 2026-01-31T08:00:00Z';
  if (tenant !== undefined && !isId('org', tenant)) return '--tenant takes an id such as org_…';
  if (event !== undefined && !events[event])
    return unknownValue('--event', event, Object.keys(events));
  if (!targets.includes(to)) return unknownValue('--to', to, targets);
  const isDryRun = given['dry-run'] ?? false;
  return { since, until, to, event, isDryRun, ...(tenant !== undefined && { tenantId: tenant }) };
}

function parseTime(text = ''): Date | undefined {
  const time = new Date(text);
  return /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime()) ? time : undefined;
}

function unknownValue(option: string, value: string, known: readonly string[]): string {
  const near = didYouMean(value, known);
  const hint = near ? `did you mean ${near}?` : `use one of ${known.join(', ')}`;
  return `${option} ${value}: ${hint}`;
}
