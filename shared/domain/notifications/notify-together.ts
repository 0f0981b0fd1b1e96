import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import { mapConcurrent } from '@insightdesk/shared/promises';
import type { z } from 'zod';
import type { notifyOfMessages } from './jobs.ts';
import { lettersFor } from './letters-for.ts';

const AT_ONCE = 8;

/**
 * Asks for the e-mails of several messages, whoever is connected at this moment. Each has the id
 * that it would have from a job of its own: however messages come together, none is told twice.
 */
export async function notifyTogether(
  ctx: Context,
  { notices }: z.output<typeof notifyOfMessages.payload>,
  run: JobRun,
): Promise<void> {
  let connected: ReturnType<Context['presence']['connectedUsers']> | undefined;
  const presence = {
    connectedUsers: () => (connected ??= ctx.presence.connectedUsers(run.tenantId)),
  };
  const letters = await mapConcurrent(notices, AT_ONCE, ({ notice, ...cause }) =>
    lettersFor({ ...ctx, presence }, notice, { ...cause, tenantId: run.tenantId }),
  );
  await run.enqueue(letters.flat());
}
