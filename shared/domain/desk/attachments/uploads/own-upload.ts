import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq } from 'drizzle-orm';
import { uploads } from '../tables.ts';

/** Matches an upload of the caller; uploads are visible to their uploader only. */
export const isOwnUpload = (
  { tenantId, actor }: Pick<MemberTenantContext, 'tenantId' | 'actor'>,
  id: Id<'att'>,
) => and(eq(uploads.tenantId, tenantId), eq(uploads.id, id), eq(uploads.uploadedBy, actor.userId));
