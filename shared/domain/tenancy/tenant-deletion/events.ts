import { defineEvent } from '@insightdesk/shared/events';
import { z } from 'zod';

/** The organization will be deleted at `eraseAt`, unless an owner cancels it. */
export const erasureRequested = defineEvent(
  'organization.erasure-requested',
  z.object({ eraseAt: z.iso.datetime() }),
  { staff: 'payload' },
);

export const erasureCancelled = defineEvent('organization.erasure-cancelled', z.object({}), {
  staff: 'payload',
});
