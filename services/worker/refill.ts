import type {
  Effects,
  EffectsOf,
  RecordedEvent,
  RelayedEvent,
  RelayOptions,
} from '@insightdesk/shared/events';
import type { HeldJobs, JobRequest, LossWatch, Queues } from '@insightdesk/shared/jobs';
import type { Logger } from '@insightdesk/shared/logging';
import type { ChannelRefill, PlacedEntry } from '@insightdesk/shared/realtime';

interface RefillOptions {
  channels: ChannelRefill;
  jobs: LossWatch;
  queues: Pick<Queues, 'enqueue'>;
  held?: Pick<HeldJobs, 'holdAgain'>;
  historySeconds: number;
  log: Logger;
}

type Recent = Parameters<NonNullable<RelayOptions['prepare']>>[0];

/** Reaching back further would take longer than fetching anew takes the clients. */
const NEWEST_EVENTS = 10_000;
const DAY_SECONDS = 86_400;
const JOBS_AT_ONCE = 500;

/**
 * Notices what Valkey has lost and makes it good from what was relayed last: channel logs at the
 * places where they were, so that positions that clients hold stay good, and jobs under their ids,
 * so that those that are still there are not doubled.
 */
export function createRefill(
  consequencesOf: EffectsOf<JobRequest>,
  { channels, jobs, queues, held, historySeconds, log }: RefillOptions,
): NonNullable<RelayOptions['prepare']> {
  return async (recent) => {
    await Promise.all([refillChannels(recent), refillJobs(recent)]);
  };

  async function refillChannels(recent: Recent) {
    // When it cannot be asked, dispatching tells.
    if (await channels.isFilled().catch(() => true)) return;
    const events = await recent({ limit: NEWEST_EVENTS, seconds: historySeconds });
    const count = await channels.refill(events.flatMap(entriesOf));
    log.warn({ events: events.length, channels: count }, 'channel logs: refilled from the outbox');
  }

  async function refillJobs(recent: Recent) {
    const since = await jobs.lostSince().catch(() => undefined);
    if (!since) return;
    await held?.holdAgain(since);
    const age = (Date.now() - since.getTime()) / 1_000;
    const seconds = Math.min(DAY_SECONDS, Math.ceil(age));
    const events = await recent({ limit: NEWEST_EVENTS, seconds });
    const lost = events.toReversed().flatMap((event) => findConsequences(event)?.enqueue ?? []);
    for (let n = 0; n < lost.length; n += JOBS_AT_ONCE) {
      await queues.enqueue(lost.slice(n, n + JOBS_AT_ONCE));
    }
    await jobs.note();
    log.info({ events: events.length, jobs: lost.length }, 'jobs: enqueued again from the outbox');
  }

  function entriesOf(event: RelayedEvent): PlacedEntry[] {
    const { tenantId, id, at, places } = event;
    return (findConsequences(event)?.publish ?? []).flatMap((publication) => {
      const [epoch, offset] = places[publication.channel] ?? [];
      if (epoch === undefined || offset === undefined) return [];
      return { ...publication, tenantId, id, at, epoch, offset };
    });
  }

  // An event that today's definitions refuse leaves a hole, which is told as a gap.
  function findConsequences(event: RecordedEvent): Effects<JobRequest> | undefined {
    try {
      return consequencesOf(event);
    } catch {
      return undefined;
    }
  }
}
