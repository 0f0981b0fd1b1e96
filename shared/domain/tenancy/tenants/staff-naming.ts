import { statement } from '@insightdesk/shared/database';
import { eq, sql } from 'drizzle-orm';
import { z } from 'zod';
import { organizations, staffNames } from './tables.ts';

/** How customers see the names of staff. */
export const staffNaming = z.object({
  show: z.enum(staffNames),
  /** The name of the team, or of the organization. */
  teamName: z.string(),
});

export type StaffNaming = z.output<typeof staffNaming>;

const jsonOf = (organization: string) => {
  const o = sql.raw(organization);
  return sql<StaffNaming>`json_build_object('show', ${o}.staff_names,
    'teamName', coalesce(${o}.team_name, ${o}.name))`;
};

/** As a column of a query on organizations. */
export const staffNamingColumn = jsonOf('organizations');

/** As a column of any other query of the transaction's organization. */
export const staffNamingOfTenant = sql<StaffNaming>`(select ${jsonOf('o')}
  from ${organizations} o where o.id = app.tenant_id())`;

/** As a statement of its own. */
export const selectStaffNaming = statement({ id: organizations.id }, ({ id }, q) =>
  q.select({ naming: staffNamingColumn }).from(organizations).where(eq(organizations.id, id)),
);
