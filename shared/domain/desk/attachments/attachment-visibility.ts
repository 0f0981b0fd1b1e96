import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { and, eq, not, or, type SQL } from 'drizzle-orm';
import { attachments, uploads } from './tables.ts';

/** Attachments in quarantine are visible to their uploader only. */
export const isVisibleTo = (userId: Id<'usr'> | SQL, { quarantined, uploadedBy } = attachments) =>
  or(not(quarantined), eq(uploadedBy, userId));

/** Staff sees all attachments; a customer its own uploads and those of its conversations. */
export const visibleAttachments = ({
  tenantId,
  actor,
}: Pick<MemberTenantContext, 'tenantId' | 'actor'>) =>
  and(
    eq(attachments.tenantId, tenantId),
    isVisibleTo(actor.userId),
    actor.role === 'customer'
      ? or(eq(attachments.uploadedBy, actor.userId), eq(attachments.customerId, actor.userId))
      : undefined,
  );

/** Matches an upload of the caller; uploads are visible to their uploader only. */
export const isOwnUpload = (
  { tenantId, actor }: Pick<MemberTenantContext, 'tenantId' | 'actor'>,
  id: Id<'att'>,
) => matches(uploads, { tenantId, id, uploadedBy: actor.userId });
