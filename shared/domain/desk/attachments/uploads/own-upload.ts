import type { MemberTenantContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { uploads } from '../tables.ts';

/** Matches an upload of the caller; uploads are visible to their uploader only. */
export const isOwnUpload = (
  { tenantId, actor }: Pick<MemberTenantContext, 'tenantId' | 'actor'>,
  id: Id<'att'>,
) => matches(uploads, { tenantId, id, uploadedBy: actor.userId });
