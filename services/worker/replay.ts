import type { WebhookOutlet } from '@insightdesk/shared/domain/integrations/webhooks';
import {
  type Effects,
  type EffectsOf,
  type PastEvents,
  pastEvents,
  type RecordedEvent,
} from '@insightdesk/shared/events';
import type { JobRequest, Queues } from '@insightdesk/shared/jobs';
import type { ChannelLog } from '@insightdesk/shared/realtime';
import { outgoing } from './dispatch.ts';

export interface ReplayOptions extends PastEvents {
  /** `channels`, `webhooks`, `jobs`, or the name of one job. */
  to: string;
  /** Only events of this name. */
  event?: string | undefined;
  isDryRun: boolean;
  pageSize?: number;
}

/** What came of a replay; of entries in channels, `known` were there already. */
export interface ReplayReport {
  events: number;
  consequences: number;
  known: number;
  refused: { id: string; name: string; why: string }[];
}

interface Outlets {
  /** Of the database. */
  url: string;
  channelLog: Pick<ChannelLog, 'append'>;
  queues: Pick<Queues, 'enqueue'>;
  webhooks: Pick<WebhookOutlet, 'take'>;
}

const MOST_REFUSED = 20;

/**
 * Lets chosen consequences of past events come again, page by page, in stored order. Channels,
 * queues and webhooks refuse the ids they know, so that repeating a replay changes nothing.
 */
export async function replayEvents(
  consequencesOf: EffectsOf<JobRequest>,
  outlets: Outlets,
  options: ReplayOptions,
): Promise<ReplayReport> {
  const carryOut = carriers(outlets, options)[targetOf(options.to)];
  const report: ReplayReport = { events: 0, consequences: 0, known: 0, refused: [] };
  for await (const page of pastEvents(outlets.url, options, options.pageSize)) {
    const chosen = page.filter(({ name }) => !options.event || name === options.event);
    const outcomes = chosen.flatMap((event) => {
      try {
        const consequences = consequencesOf(event);
        return consequences ? [{ event, ...consequences }] : [];
      } catch (error) {
        const { id, name } = event;
        if (report.refused.length < MOST_REFUSED) {
          report.refused.push({ id, name, why: String(error).slice(0, 200) });
        }
        return [];
      }
    });
    const { count, known } = await carryOut(outcomes);
    report.events += chosen.length;
    report.consequences += count;
    report.known += known;
  }
  return report;
}

const targetOf = (to: string) => (to === 'channels' || to === 'webhooks' ? to : 'jobs');

type Outcome = Effects<JobRequest> & { event: RecordedEvent };
type Carrier = (outcomes: Outcome[]) => Promise<{ count: number; known: number }>;

function carriers(
  { channelLog, queues, webhooks }: Outlets,
  { to, isDryRun }: ReplayOptions,
): Record<'channels' | 'webhooks' | 'jobs', Carrier> {
  return {
    async channels(outcomes) {
      const entries = outcomes.flatMap(({ event: { id, tenantId, at }, publish }) =>
        publish.map((publication) => ({ ...publication, id, tenantId, at })),
      );
      const places = isDryRun ? [] : await channelLog.append(entries);
      return { count: entries.length, known: places.filter(({ isKnown }) => isKnown).length };
    },
    async webhooks(outcomes) {
      const told = outcomes.flatMap(outgoing);
      if (!isDryRun) await queues.enqueue(await webhooks.take(told));
      return { count: told.length, known: 0 };
    },
    async jobs(outcomes) {
      const all = outcomes.flatMap(({ enqueue }) => enqueue);
      const wanted = all.filter(({ job }) => to === 'jobs' || job.name === to);
      if (!isDryRun) await queues.enqueue(wanted);
      return { count: wanted.length, known: 0 };
    },
  };
}
