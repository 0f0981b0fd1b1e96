import type { Context } from '@insightdesk/shared/context';
import { eraseEverything, type Wanted } from './erase-everything.ts';

/** Erases an organisation at once, as an operator asks; gives how much of each kind is gone. */
export const eraseOrganization = (ctx: Context, wanted: Omit<Wanted, 'requestedBy'>) =>
  eraseEverything(ctx, { ...wanted, requestedBy: 'desk' });
