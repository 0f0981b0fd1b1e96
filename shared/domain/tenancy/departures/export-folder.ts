/** Where archives of an organisation lie in storage. */
export const exportFolder = (tenantId: string) => `${tenantId}/exports/`;

/** One part of an archive. */
export const partKey = (tenantId: string, exportId: string, part: number) =>
  `${exportFolder(tenantId)}${exportId}/${String(part).padStart(6, '0')}`;
