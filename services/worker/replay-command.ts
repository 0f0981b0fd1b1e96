import { parseArgs } from 'node:util';
import { runCommand } from '@insightdesk/shared/boot';
import { openWebhookOutlet } from '@insightdesk/shared/domain/integrations/webhooks';
import { createHeldJobs, createQueues } from '@insightdesk/shared/jobs';
import { createChannelLog } from '@insightdesk/shared/realtime';
import { effectsOf } from './reactions.ts';
import { type ReplayOptions, replayEvents } from './replay.ts';
import { readReplayOptions } from './replay-options.ts';

const usage = `Usage: bun run desk events replay --since <time> --to <consequence>
  --since <time>    ISO 8601; events recorded from then on
  --until <time>    events recorded before then; now unless given
  --tenant <org_…>  of one organisation only
  --event <name>    of one kind only
  --to <what>       channels, webhooks, jobs, or the name of one job
  --dry-run         count what would follow, do nothing
Repeating it is harmless: what a channel, a queue or a webhook still knows is not taken again.`;

const { values } = parseArgs({
  options: {
    since: { type: 'string' },
    until: { type: 'string' },
    tenant: { type: 'string' },
    event: { type: 'string' },
    to: { type: 'string' },
    'dry-run': { type: 'boolean' },
    help: { type: 'boolean' },
  },
});
const options = readReplayOptions(values);
if (values.help || typeof options === 'string') {
  console.error(typeof options === 'string' && !values.help ? `${options}\n\n${usage}` : usage);
  process.exit(values.help ? 0 : 2);
}
process.exitCode = await replay(options);

async function replay(wanted: ReplayOptions): Promise<number> {
  const { refused, ...report } = await runCommand('worker', async ({ config, parts }) => {
    const url = parts.relayUrl;
    const valkey = parts.connectValkey('queue', 'command', 'replay');
    const queues = createQueues(valkey, 'jobs', {
      held: createHeldJobs(parts.database),
      roomOf: (tenantId) => ({
        jobs: parts.meter.limitOf(tenantId, 'waiting-jobs'),
        bytes: parts.meter.limitOf(tenantId, 'job-bytes'),
      }),
    });
    const webhooks = openWebhookOutlet(url);
    const channelLog = createChannelLog(parts.valkey, {
      ...config.realtime,
      budgetOf: (tenantId) => parts.meter.limitOf(tenantId, 'log-bytes'),
    });
    try {
      return await replayEvents(effectsOf, { url, channelLog, queues, webhooks }, wanted);
    } finally {
      await Promise.allSettled([queues.close(), webhooks.close()]);
      valkey.disconnect();
    }
  });
  for (const { id, name, why } of refused) console.error(`refused: ${name} ${id}: ${why}`);
  const did = wanted.isDryRun ? 'would follow' : 'sent again';
  const known = wanted.to === 'channels' ? `, of which ${report.known} were there` : '';
  console.log(`${report.events} events; to ${wanted.to}: ${report.consequences} ${did}${known}`);
  return refused.length > 0 ? 1 : 0;
}
