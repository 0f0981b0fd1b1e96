/** Where a file is sent that goes past the API. */
export const STAGED = 'staged';

/** The key of an attachment's original, of one of its variants, or of what it is made of. */
export const storageKey = (tenantId: string, id: string, variant = 'original') =>
  `${tenantId}/attachments/${id}/${variant}`;

/** What is there only until the file has been put together. */
export const isUploadPart = (variant: string): boolean =>
  variant === STAGED || variant.startsWith('part-');

/** The name of a part that nobody else writes. */
export const newPartName = (start: number): string =>
  `part-${String(start).padStart(16, '0')}-${crypto.randomUUID()}`;
