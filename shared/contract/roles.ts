/** Roles of a member, strongest first. */
export const roles = ['owner', 'admin', 'agent', 'customer'] as const;
export type Role = (typeof roles)[number];

/** Everyone who works for the organisation. */
export const staffRoles = ['owner', 'admin', 'agent'] as const satisfies readonly Role[];
/** Those who decide who belongs to the organisation. */
export const managerRoles = ['owner', 'admin'] as const satisfies readonly Role[];
