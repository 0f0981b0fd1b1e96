import { parseArgs } from 'node:util';
import { type CommandApp, runCommand } from '@insightdesk/shared/boot';
import { systemContext } from '@insightdesk/shared/context';
import { isId } from '@insightdesk/shared/contract';
import { openWebhookSink } from '@insightdesk/shared/domain/integrations/webhooks';
import { recordOperatorAct } from '@insightdesk/shared/domain/tenancy/audit';
import { createQueues } from '@insightdesk/shared/jobs';
import { effectsOf } from './reactions.ts';
import { type ReplayOptions, replayEvents } from './replay-events.ts';
import { readReplayOptions } from './replay-options.ts';

const usage = `Usage: desk events replay --since <time> --to <target>
  --since <time>    ISO 8601; events recorded at or after this time
  --until <time>    events recorded before this time; default now
  --tenant <org_…>  events of one organization only
  --event <name>    events of one name only
  --to <target>     channels, webhooks, jobs, or the name of one job
  --dry-run         count the effects without sending them
Repeating a replay is safe: channels, queues and webhooks ignore ids they know.`;

const { values } = parseArgs({
  options: {
    since: { type: 'string' },
    until: { type: 'string' },
    tenant: { type: 'string' },
    event: { type: 'string' },
    to: { type: 'string' },
    'dry-run': { type: 'boolean' },
    // The operating system user, for the audit log; `desk` passes it.
    operator: { type: 'string' },
    help: { type: 'boolean' },
  },
});
const options = readReplayOptions(values);
if (values.help || typeof options === 'string') {
  console.error(typeof options === 'string' && !values.help ? `${options}\n\n${usage}` : usage);
  process.exit(values.help ? 0 : 2);
}
process.exitCode = await replay(options);

async function replay(request: ReplayOptions): Promise<number> {
  const { refused, ...report } = await runCommand('worker', async (app) => {
    const { container } = app;
    if (!request.isDryRun) await recordReplay(app);
    const url = container.relayUrl;
    const valkey = container.connectValkey('queue', 'command', 'replay');
    const queues = createQueues(valkey, 'jobs', container.queueLimits);
    const webhooks = openWebhookSink(url);
    const { channelLog } = container;
    try {
      return await replayEvents(effectsOf, { url, channelLog, queues, webhooks }, request);
    } finally {
      await Promise.allSettled([queues.close(), webhooks.close()]);
      valkey.disconnect();
    }
  });
  for (const { id, name, reason } of refused) {
    console.error(`refused: ${name} ${id}: ${reason}`);
  }
  const result = request.isDryRun ? 'would be replayed' : 'replayed';
  const duplicates = request.to === 'channels' ? `, ${report.duplicates} duplicates` : '';
  const { events, effects } = report;
  console.log(`${events} events: ${effects} effects ${result} to ${request.to}${duplicates}`);
  return refused.length > 0 ? 1 : 0;
}

/** Records the replay in the audit log of its organization, else in that of the operators. */
function recordReplay({ container, config, log }: CommandApp): Promise<void> {
  const { tenant, operator: by } = values;
  const tenantId = isId('org', tenant) ? tenant : config.operators.organizationId;
  const run = { tenantId, requestId: Bun.randomUUIDv7() };
  const ctx = systemContext({ ...container.connections, log }, 'desk', run);
  const target = process.argv.slice(2).join(' ');
  return recordOperatorAct(ctx, { act: 'events replay', target, by });
}
