import { type Id, isId } from '@insightdesk/shared/contract';

/** Name of the file that a client uploads directly to storage, before it is checked. */
export const STAGED = 'staged';

/** The storage key of an attachment's original, one of its variants, or a part of its upload. */
export const storageKey = (tenantId: string, id: string, variant = 'original') =>
  `${tenantId}/attachments/${id}/${variant}`;

/** The direct upload that a key belongs to; undefined for any other file. */
export function parseStagedKey(key: string): { tenantId: Id<'org'>; id: Id<'att'> } | undefined {
  const [tenantId = '', folder, id = '', name, ...rest] = key.split('/');
  if (folder !== 'attachments' || name !== STAGED || rest.length > 0) return undefined;
  return isId('org', tenantId) && isId('att', id) ? { tenantId, id } : undefined;
}

/** Whether a key belongs to a file that is stored only until the upload is assembled. */
export function isUploadPart(key: string): boolean {
  const name = key.slice(key.lastIndexOf('/') + 1);
  return name === STAGED || name.startsWith('part-');
}

/** A part name that no other request writes. */
export const newPartName = (start: number): string =>
  `part-${String(start).padStart(16, '0')}-${crypto.randomUUID()}`;
