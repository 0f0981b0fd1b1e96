import type { TenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { record } from '@insightdesk/shared/events';
import { accountPasswordChanged } from '../events.ts';
import type { users } from '../tables.ts';

type Changed = typeof users.$inferSelect & { passwordChangedAt: Date };

/** Records that a password was replaced; gives which sessions end: all older ones, but one. */
export async function recordPasswordChange(
  ctx: TenantContext,
  { id: userId, email, emailVerifiedAt, passwordChangedAt }: Changed,
  kept: { keep?: Id<'ses'> },
) {
  const ending = { userId, before: passwordChangedAt.toISOString(), ...kept };
  const tell = emailVerifiedAt ? email : null;
  await record(ctx, accountPasswordChanged, { ...ending, tell });
  return ending;
}
