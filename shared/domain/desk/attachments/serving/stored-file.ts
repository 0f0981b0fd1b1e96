import type { ByteRange } from '@insightdesk/shared/storage';
import { AttachmentErrors } from '../errors.ts';
import { storageKey } from '../storage-key.ts';
import type { AttachmentRow } from '../view.ts';

const extensions: Record<string, string> = {
  'image/jpeg': 'jpg',
  'audio/mpeg': 'mp3',
  'audio/mp4': 'm4a',
  'application/vnd.apple.mpegurl': 'm3u8',
};

export const isPlaylist = (contentType: string) => contentType === 'application/vnd.apple.mpegurl';

/** A file that can be streamed, with its metadata; `etag` includes the quotes. */
export interface OpenedFile {
  name: string;
  contentType: string;
  sizeBytes: number;
  etag: string;
  modifiedAt: Date;
  stream(range?: ByteRange): Promise<ReadableStream<Uint8Array>>;
}

export interface LinkedFile extends OpenedFile {
  /** Browsers save the file even if they could show it. */
  isDownload: boolean;
  expiresAt: Date;
}

/** Storage key and metadata of an attachment or one of its variants; throws 404. */
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

/** The name under which a browser saves a derived file. */
export function variantFileName(
  { name }: AttachmentRow,
  variant: string,
  contentType: string,
): string {
  return `${name}.${withExtension({ name: variant, contentType })}`;
}

/** The name of a derived file with the extension of its type. */
export const withExtension = ({
  name,
  contentType,
}: {
  name: string;
  contentType: string;
}): string => `${name}.${extensions[contentType] ?? contentType.split('/').at(-1)}`;

export const shortHashOf = ({ sha256 }: AttachmentRow): string => sha256.slice(0, 32);

/** Types that a browser shows or plays without running scripts; all others are downloads. */
const inlineTypes = new Set([
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'],
  ...['audio/mpeg', 'audio/mp4', 'audio/x-m4a', 'audio/ogg', 'audio/wav', 'audio/webm'],
  ...['audio/flac', 'audio/aac', 'video/mp4', 'video/webm', 'video/ogg'],
]);

/** Whether a browser may show a file of this type; parameters of the type are ignored. */
export const isInlineType = (contentType: string): boolean =>
  inlineTypes.has(contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '');

/** Streams bytes in memory, or a range of them. */
export const streamBytes =
  (bytes: Uint8Array<ArrayBuffer>): OpenedFile['stream'] =>
  async ({ start, end } = { start: 0, end: bytes.byteLength - 1 }) =>
    new Blob([bytes.subarray(start, end + 1)]).stream();
