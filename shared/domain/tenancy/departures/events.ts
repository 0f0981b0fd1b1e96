import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

export const exportRequested = defineEvent(
  'organization.export-requested',
  z.object({ exportId: idSchema('exp') }),
);

/** The archive can be fetched, until then. */
export const organizationExported = defineEvent(
  'organization.exported',
  z.object({
    exportId: idSchema('exp'),
    sizeBytes: z.int(),
    expiresAt: z.iso.datetime(),
  }),
);

/** Somebody fetched an archive. */
export const exportDownloaded = defineEvent(
  'organization.export-downloaded',
  z.object({ exportId: idSchema('exp') }),
);

/** All that the organisation has goes at `eraseAt`, unless an owner takes it back. */
export const erasureRequested = defineEvent(
  'organization.erasure-requested',
  z.object({ eraseAt: z.iso.datetime() }),
  { staff: 'payload' },
);

export const erasureCancelled = defineEvent('organization.erasure-cancelled', z.object({}), {
  staff: 'payload',
});
