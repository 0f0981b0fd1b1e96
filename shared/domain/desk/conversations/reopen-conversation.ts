import type { TenantContext } from '@insightdesk/shared/context';
import { isActiveStaff } from '@insightdesk/shared/domain/identity/users';
import { allowsReopening } from '@insightdesk/shared/domain/tenancy/tenants';
import type { Status } from './conversation-enums.ts';
import { statusTransitions } from './conversation-enums.ts';
import type { ConversationRow } from './view.ts';

type Locked = Pick<ConversationRow, 'status' | 'assigneeId'>;

/** Whether a locked conversation may change to this status; the organization decides on closed ones. */
export async function canTransition(
  ctx: TenantContext,
  { status }: Locked,
  to: Status,
): Promise<boolean> {
  if (status === 'closed' && to === 'open') return allowsReopening(ctx);
  return to === status || statusTransitions[status].includes(to);
}

/** The assignee of a closed conversation that is opened again: those who left since are no longer. */
export async function assigneeAfterReopening(ctx: TenantContext, { assigneeId }: Locked) {
  if (!assigneeId) return null;
  return (await isActiveStaff(ctx, assigneeId, { lock: true })) ? assigneeId : null;
}
