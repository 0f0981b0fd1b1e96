import { createHash } from 'node:crypto';
import { type Context, systemContext } from '@insightdesk/shared/context';
import { AttachmentErrors } from '../errors.ts';
import type { AttachmentRow } from '../view.ts';
import { requireLinkedAttachment } from './linked-attachment.ts';
import { isPlaylist, type LinkedFile, requireStoredFile, withExtension } from './stored-file.ts';
import { readVideoLink, signVideoFile, type VideoLink } from './video-link.ts';

/** For a pause, beside the length of the film. */
const PAUSE_SECONDS = 300;
/** Of an address of storage's own, made anew for each request. */
const AWAY_SECONDS = 60;
const MOST_LIST_BYTES = 2_000_000;

const addresses = /\bcontent\?variant=([\w-]{1,50})/g;

/**
 * Opens a playlist with signed addresses of what it names, or a file that one names; where storage
 * has addresses of its own, such a `location`. The film's row is looked at each time. Throws
 * ForbiddenError for a link that is not ours or has expired, 404 when there is no such film any more.
 */
export async function openLinkedVideo(
  caller: Context,
  asked: { id: string; file: string; query: URLSearchParams },
): Promise<LinkedFile | { location: string }> {
  const link = readVideoLink(caller, asked);
  const ctx = systemContext(caller, 'films', { ...caller, tenantId: link.tenantId });
  const row = await requireLinkedAttachment(ctx, link);
  const variant = row.variants.find((one) => withExtension(one) === link.file);
  if (!variant) throw AttachmentErrors.NotFound();
  const { key, ...file } = requireStoredFile(row, variant.name);
  const opened = { ...file, isForSaving: false, expiresAt: link.expiresAt };
  if (isPlaylist(variant.contentType)) {
    const bytes = new TextEncoder().encode(await signAll(ctx, row, link, variant.name));
    const tag = createHash('sha256').update(bytes).digest('hex').slice(0, 32);
    return {
      ...opened,
      sizeBytes: bytes.byteLength,
      etag: `"${tag}"`,
      stream: async ({ start, end } = { start: 0, end: bytes.byteLength - 1 }) =>
        new Blob([bytes.subarray(start, end + 1)]).stream(),
    };
  }
  const { contentType } = variant;
  const signed = { expiresInSeconds: AWAY_SECONDS, contentType, inline: true };
  const location = await ctx.files.storage.signDownload(key, signed);
  if (!location.startsWith(`${ctx.settings.filesUrl}/`)) return { location };
  return { ...opened, stream: (range) => ctx.files.storage.download(key, range && { range }) };
}

type Keeps = Pick<Context, 'files' | 'security'>;

/** The playlist, with addresses that are good until the film has been played. */
async function signAll(ctx: Keeps, row: AttachmentRow, link: VideoLink, name: string) {
  const text = await readList(ctx, row, name);
  const expiresAt = link.isReferenced ? link.expiresAt : await endOf(ctx, row, link, text);
  const signed = new Map<string, string>();
  return text.replace(addresses, (_, named: string) => {
    const variant = row.variants.find((one) => one.name === named);
    if (!variant) throw AttachmentErrors.NotFound();
    const file = withExtension(variant);
    const address =
      signed.get(file) ?? signVideoFile(ctx, { ...link, file, isReferenced: true, expiresAt });
    signed.set(file, address);
    return address;
  });
}

/** Whoever begins in the link's last moment hears the end too. */
async function endOf(ctx: Keeps, row: AttachmentRow, { expiresAt }: VideoLink, text: string) {
  const [[, rung] = []] = text.matchAll(addresses);
  const list = text.includes('#EXTINF:') || !rung ? text : await readList(ctx, row, rung);
  const lengths = [...list.matchAll(/^#EXTINF:([\d.]{1,20})/gm)].map(([, length]) =>
    Number(length),
  );
  const seconds = lengths.reduce((sum, length) => sum + length, PAUSE_SECONDS);
  return new Date(expiresAt.getTime() + Math.ceil(seconds) * 1000);
}

async function readList(
  { files: { storage } }: Keeps,
  row: AttachmentRow,
  name: string,
): Promise<string> {
  const { key, sizeBytes } = requireStoredFile(row, name);
  if (sizeBytes > MOST_LIST_BYTES) throw AttachmentErrors.NotFound();
  return new Response(await storage.download(key)).text();
}
