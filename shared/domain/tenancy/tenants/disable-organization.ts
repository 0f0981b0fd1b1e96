import type { Context } from '@insightdesk/shared/context';
import { organizationDisabled } from './events.ts';
import { setDisabled } from './set-disabled.ts';

/**
 * Shuts everyone out of the context's organisation, and closes their sockets; its data is kept and
 * its jobs go on. For the system only; false when it was so already.
 */
export const disableOrganization = (ctx: Context): Promise<boolean> =>
  setDisabled(ctx, new Date(), organizationDisabled);
