/** The key of an attachment's original, or of one of its variants, in storage. */
export const storageKey = (tenantId: string, id: string, variant = 'original') =>
  `${tenantId}/attachments/${id}/${variant}`;
