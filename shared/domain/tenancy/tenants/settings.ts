import { displayName } from '@insightdesk/shared/context';
import { z } from 'zod';
import { type organizations, staffNames } from './tables.ts';

/** The settings that owners change, by the names of their columns; `staff` reads all, customers none. */
export const organizationSettings = {
  requireTwoFactor: z.boolean().describe('Sessions without a second factor can only set one up'),
  allowReopening: z
    .boolean()
    .describe('Closed conversations can be opened again, and a message of the customer does so'),
  emailCodeSignIn: z.boolean().describe('Customers sign in with a code that is emailed to them'),
  anonymousVisitors: z.boolean().describe('Visitors may write without identifying themselves'),
  staffNames: z
    .enum(staffNames)
    .describe('What customers see of staff: full names, first names or the team name only'),
  teamName: displayName(200)
    .nullable()
    .describe('Shown for `team`; null: the name of the organization'),
};

type SettingName = keyof typeof organizationSettings;

const names = Object.keys(organizationSettings) as SettingName[];

/** The settings of an organization. */
export const toSettings = (row: typeof organizations.$inferSelect) =>
  Object.fromEntries(names.map((name) => [name, row[name]])) as Pick<typeof row, SettingName>;

/** Changes of settings: each may be left out. */
export const settingChanges = z.object(organizationSettings).partial().shape;
