/** Storage prefix of an organization's archives. */
export const exportPrefix = (tenantId: string) => `${tenantId}/exports/`;

/** Storage key of one part of an archive. */
export const partKey = (tenantId: string, exportId: string, part: number) =>
  `${exportPrefix(tenantId)}${exportId}/${String(part).padStart(6, '0')}`;
