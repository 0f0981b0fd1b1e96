import type { Context } from '@insightdesk/shared/context';
import type { JobRun } from '@insightdesk/shared/jobs';
import { lettersFor, type Notice } from './letters-for.ts';

/** Asks for an e-mail to everyone who should hear of a message and is not there to see it. */
export async function notifyRecipients(ctx: Context, notice: Notice, run: JobRun): Promise<void> {
  await run.enqueue(await lettersFor(ctx, notice, run));
}
