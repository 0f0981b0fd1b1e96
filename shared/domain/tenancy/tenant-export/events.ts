import { idSchema } from '@insightdesk/shared/contract';
import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

export const exportRequested = defineEvent(
  'organization.export-requested',
  z.object({ exportId: idSchema('exp') }),
);

/** The archive can be downloaded until `expiresAt`. */
export const organizationExported = defineEvent(
  'organization.exported',
  z.object({ exportId: idSchema('exp'), sizeBytes: z.int(), expiresAt: z.iso.datetime() }),
);

export const exportDownloaded = defineEvent(
  'organization.export-downloaded',
  z.object({ exportId: idSchema('exp') }),
);
