import type { Context } from '@insightdesk/shared/context';
import { organizationEnabled } from './events.ts';
import { setDisabled } from './set-disabled.ts';

/** Lets everyone in again, with the sessions they had; false when it was so already. */
export const enableOrganization = (ctx: Context): Promise<boolean> =>
  setDisabled(ctx, null, organizationEnabled);
