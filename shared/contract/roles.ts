/** Roles of a member, strongest first. */
export const roles = ['owner', 'admin', 'agent', 'customer'] as const;
export type Role = (typeof roles)[number];

/** Roles of people who work for the organisation. */
export const staffRoles = ['owner', 'admin', 'agent'] as const satisfies readonly Role[];
/** Roles that manage the members of the organisation. */
export const managerRoles = ['owner', 'admin'] as const satisfies readonly Role[];
