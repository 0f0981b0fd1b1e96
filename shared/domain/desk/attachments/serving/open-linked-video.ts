import { createHash } from 'node:crypto';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { AttachmentErrors } from '../errors.ts';
import { requireLinkedAttachment } from '../get-attachment.ts';
import type { AttachmentRow } from '../view.ts';
import {
  isPlaylist,
  type LinkedFile,
  requireStoredFile,
  streamBytes,
  withExtension,
} from './stored-file.ts';
import { readVideoLink, signVideoFile, type VideoLink } from './video-link.ts';

/** Extra time for pauses, beside the duration of the video. */
const PAUSE_SECONDS = 300;
/** Lifetime of a URL of the storage provider; each request gets a new one. */
const REDIRECT_SECONDS = 60;
const MAX_PLAYLIST_BYTES = 2_000_000;

const referencePattern = /\bcontent\?variant=([\w-]{1,50})/g;

/**
 * Opens a playlist, in which the referenced files have signed URLs, or a referenced file. Where the
 * storage provider has signed URLs of its own, returns one as `location`. Every request checks the
 * row. Throws ForbiddenError for an invalid or expired link, 404 when the video does not exist.
 */
export async function openLinkedVideo(
  caller: Context,
  request: { id: string; file: string; query: URLSearchParams },
): Promise<LinkedFile | { location: string }> {
  const link = readVideoLink(caller, request);
  const ctx = systemContext(caller, 'videos', { ...caller, tenantId: link.tenantId });
  const row = await requireLinkedAttachment(ctx, link);
  const variant = row.variants.find((candidate) => withExtension(candidate) === link.file);
  if (!variant) throw AttachmentErrors.NotFound();
  const { key, ...file } = requireStoredFile(row, variant.name);
  const opened = { ...file, isDownload: false, expiresAt: link.expiresAt };
  if (isPlaylist(variant.contentType)) {
    const bytes = new TextEncoder().encode(await signPlaylist(ctx, row, link, variant.name));
    const hash = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    return {
      ...opened,
      sizeBytes: bytes.byteLength,
      etag: `"${hash}"`,
      stream: streamBytes(bytes),
    };
  }
  const { contentType } = variant;
  const options = { expiresInSeconds: REDIRECT_SECONDS, contentType, inline: true };
  const location = await ctx.files.storage.signDownload(key, options);
  if (!location.startsWith(`${ctx.settings.filesUrl}/`)) return { location };
  return { ...opened, stream: (range) => ctx.files.storage.download(key, range && { range }) };
}

type Signing = Pick<Context, 'files' | 'security'>;

/** The playlist with signed URLs, which are valid until the video can have been played. */
async function signPlaylist(ctx: Signing, row: AttachmentRow, link: VideoLink, name: string) {
  const text = await readPlaylist(ctx, row, name);
  const expiresAt = link.isReferenced ? link.expiresAt : await endOfPlayback(ctx, row, link, text);
  const signed = new Map<string, string>();
  return text.replace(referencePattern, (_, referenced: string) => {
    const variant = row.variants.find((candidate) => candidate.name === referenced);
    if (!variant) throw AttachmentErrors.NotFound();
    const file = withExtension(variant);
    const url =
      signed.get(file) ?? signVideoFile(ctx, { ...link, file, isReferenced: true, expiresAt });
    signed.set(file, url);
    return url;
  });
}

/** A player that starts just before the link expires can play to the end. */
async function endOfPlayback(
  ctx: Signing,
  row: AttachmentRow,
  { expiresAt }: VideoLink,
  text: string,
) {
  const [[, rendition] = []] = text.matchAll(referencePattern);
  const isMaster = !text.includes('#EXTINF:') && rendition;
  const playlist = isMaster ? await readPlaylist(ctx, row, rendition) : text;
  const durations = [...playlist.matchAll(/^#EXTINF:([\d.]{1,20})/gm)].map(([, duration]) =>
    Number(duration),
  );
  const seconds = durations.reduce((sum, duration) => sum + duration, PAUSE_SECONDS);
  return new Date(expiresAt.getTime() + Math.ceil(seconds) * 1000);
}

async function readPlaylist(
  { files: { storage } }: Signing,
  row: AttachmentRow,
  name: string,
): Promise<string> {
  const { key, sizeBytes } = requireStoredFile(row, name);
  if (sizeBytes > MAX_PLAYLIST_BYTES) throw AttachmentErrors.NotFound();
  return new Response(await storage.download(key)).text();
}
