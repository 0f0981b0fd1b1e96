import { isId } from '@insightdesk/shared/contract';
import { events, jobNames } from '@insightdesk/shared/domain/catalog';
import { nearest } from '@insightdesk/shared/utils';
import type { ReplayOptions } from './replay.ts';

interface Given {
  since?: string | undefined;
  until?: string | undefined;
  tenant?: string | undefined;
  event?: string | undefined;
  to?: string | undefined;
  'dry-run'?: boolean | undefined;
}

const targets = ['channels', 'webhooks', 'jobs', ...jobNames];

/** What the command line asks for, or what is wrong with it. */
export function readReplayOptions(given: Given): ReplayOptions | string {
  const { tenant, event, to = '' } = given;
  const since = timeOf(given.since);
  const until = given.until === undefined ? new Date() : timeOf(given.until);
  if (!since) return '--since takes a time such as 2026-01-31T08:00:00Z';
  if (!until) return '--until takes a time such as 2026-01-31T08:00:00Z';
  if (tenant !== undefined && !isId('org', tenant)) return '--tenant takes an id such as org_…';
  if (event !== undefined && !events[event]) return unknown('--event', event, Object.keys(events));
  if (!targets.includes(to)) return unknown('--to', to, targets);
  const isDryRun = given['dry-run'] ?? false;
  return { since, until, to, event, isDryRun, ...(tenant !== undefined && { tenantId: tenant }) };
}

function timeOf(text = ''): Date | undefined {
  const time = new Date(text);
  return /^\d{4}-\d\d-\d\d/.test(text) && !Number.isNaN(time.getTime()) ? time : undefined;
}

function unknown(option: string, word: string, known: readonly string[]): string {
  const near = nearest(word, known);
  const hint = near ? `did you mean ${near}?` : `known are ${known.join(', ')}`;
  return `${option} ${word}: ${hint}`;
}
