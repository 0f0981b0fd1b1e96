import { AttachmentErrors } from '../errors.ts';
import { storageKey } from '../storage-key.ts';
import type { AttachmentRow } from '../view.ts';

const endings: Record<string, string> = {
  'image/jpeg': 'jpg',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'application/vnd.apple.mpegurl': 'm3u8',
};

/** Whether it names what is to be played. */
export const isPlaylist = (contentType: string) => contentType === 'application/vnd.apple.mpegurl';

export interface ByteRange {
  start: number;
  /** Inclusive. */
  end: number;
}

/** Bytes ready to be streamed, and what to say about them; `etag` with its quotes. */
export interface OpenedFile {
  name: string;
  contentType: string;
  sizeBytes: number;
  etag: string;
  modifiedAt: Date;
  stream(range?: ByteRange): Promise<ReadableStream<Uint8Array>>;
}

/** The same, for whoever has a link. */
export interface LinkedFile extends OpenedFile {
  /** Also when it could be shown. */
  isDownload: boolean;
  expiresAt: Date;
}

/** Where an attachment or one of its variants is kept, and what it is called; throws 404. */
export function requireStoredFile(row: AttachmentRow, variant?: string) {
  const derived = row.variants.find(({ name }) => name === variant);
  if (variant !== undefined && !derived) throw AttachmentErrors.NotFound();
  const { contentType, sizeBytes } = derived ?? row;
  return {
    key: storageKey(row.tenantId, row.id, variant),
    name: derived ? variantFileName(row, derived.name, contentType) : row.name,
    contentType,
    sizeBytes,
    etag: `"${shortHashOf(row)}${derived ? `-${derived.name}` : ''}"`,
    modifiedAt: row.createdAt,
  };
}

/** What something made of an attachment is called when it is saved. */
export function variantFileName({ name }: AttachmentRow, way: string, contentType: string): string {
  return `${name}.${withExtension({ name: way, contentType })}`;
}

/** The name of something derived, with the ending of its type. */
export const withExtension = ({
  name,
  contentType,
}: {
  name: string;
  contentType: string;
}): string => `${name}.${endings[contentType] ?? contentType.split('/').at(-1)}`;

/** Tells its bytes from all others. */
export const shortHashOf = ({ sha256 }: AttachmentRow): string => sha256.slice(0, 32);
