import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { uploads } from '../tables.ts';

/** An upload of the caller's own: nobody else knows that there is one. */
export const isOwnUpload = (
  { tenantId, actor }: Pick<MemberTenantContext, 'tenantId' | 'actor'>,
  id: Id<'att'>,
) => and(eq(uploads.tenantId, tenantId), eq(uploads.id, id), eq(uploads.uploadedBy, actor.userId));
