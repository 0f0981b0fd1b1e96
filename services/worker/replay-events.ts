import type { WebhookSink } from '@insightdesk/shared/domain/integrations/webhooks';
import {
  type Effects,
  type EffectsOf,
  listPastEvents,
  type PastEventsQuery,
  type RecordedEvent,
} from '@insightdesk/shared/events';
import type { JobRequest, Queues } from '@insightdesk/shared/jobs';
import type { ChannelLog } from '@insightdesk/shared/realtime';
import { toOutgoingEvent } from './dispatch.ts';

export interface ReplayOptions extends PastEventsQuery {
  /** `channels`, `webhooks`, `jobs`, or the name of one job. */
  to: string;
  /** Only events of this name. */
  event?: string | undefined;
  isDryRun: boolean;
  pageSize?: number;
}

/** The result of a replay; `duplicates` are entries that channels already had. */
interface ReplayReport {
  events: number;
  effects: number;
  duplicates: number;
  refused: { id: string; name: string; reason: string }[];
}

interface ReplayTargets {
  url: string;
  channelLog: Pick<ChannelLog, 'append'>;
  queues: Pick<Queues, 'enqueue'>;
  webhooks: Pick<WebhookSink, 'write'>;
}

const MAX_REFUSED = 20;

/**
 * Repeats chosen effects of past events, page by page, in stored order. Channels, queues and webhooks
 * ignore ids they know, so a repeated replay changes nothing.
 */
export async function replayEvents(
  effectsOf: EffectsOf<JobRequest>,
  targets: ReplayTargets,
  options: ReplayOptions,
): Promise<ReplayReport> {
  const replayTo = replayers(targets, options)[targetOf(options.to)];
  const report: ReplayReport = { events: 0, effects: 0, duplicates: 0, refused: [] };
  for await (const page of listPastEvents(targets.url, options, options.pageSize)) {
    const chosen = page.filter(({ name }) => !options.event || name === options.event);
    const outcomes = chosen.flatMap((event) => {
      try {
        const effects = effectsOf(event);
        return effects ? [{ event, ...effects }] : [];
      } catch (error) {
        const { id, name } = event;
        if (report.refused.length < MAX_REFUSED) {
          report.refused.push({ id, name, reason: String(error).slice(0, 200) });
        }
        return [];
      }
    });
    const { count, duplicates } = await replayTo(outcomes);
    report.events += chosen.length;
    report.effects += count;
    report.duplicates += duplicates;
  }
  return report;
}

const targetOf = (to: string) => (to === 'channels' || to === 'webhooks' ? to : 'jobs');

type Outcome = Effects<JobRequest> & { event: RecordedEvent };
type Replayer = (outcomes: Outcome[]) => Promise<{ count: number; duplicates: number }>;

function replayers(
  { channelLog, queues, webhooks }: ReplayTargets,
  { to, isDryRun }: ReplayOptions,
): Record<'channels' | 'webhooks' | 'jobs', Replayer> {
  return {
    async channels(outcomes) {
      const entries = outcomes.flatMap(({ event: { id, tenantId, at }, publish }) =>
        publish.map((publication) => ({ ...publication, id, tenantId, at })),
      );
      const appended = isDryRun ? [] : await channelLog.append(entries);
      const duplicates = appended.filter(({ isDuplicate }) => isDuplicate).length;
      return { count: entries.length, duplicates };
    },
    async webhooks(outcomes) {
      const events = outcomes.flatMap(toOutgoingEvent);
      if (!isDryRun) await queues.enqueue(await webhooks.write(events));
      return { count: events.length, duplicates: 0 };
    },
    async jobs(outcomes) {
      const all = outcomes.flatMap(({ enqueue }) => enqueue);
      const chosen = all.filter(({ job }) => to === 'jobs' || job.name === to);
      if (!isDryRun) await queues.enqueue(chosen);
      return { count: chosen.length, duplicates: 0 };
    },
  };
}
