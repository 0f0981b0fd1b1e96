import type { Context } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { type StoredVariant, storageKey } from '@insightdesk/shared/domain/desk/attachments';
import type { DerivedFile, Loudness, MediaCaller, MediaFile } from '@insightdesk/shared/media';

/** A step of processing; a completed stage is not repeated. */
export interface Stage {
  name: string;
  /** Share of the total progress. */
  weight: number;
  /** Upper bound of the bytes that it stores. */
  maxBytes: number;
  run(onPercent: (percent: number) => void): Promise<StoredVariant[]>;
}

export interface StageInput {
  ctx: Pick<Context, 'files'> & { tenantId: Id<'org'> };
  id: Id<'att'>;
  file: MediaFile;
  /** Null for a video. */
  loudness: Loudness | null;
  /** For whom images are created. */
  caller: MediaCaller;
  signal: AbortSignal;
}

/** Upper bound of a playlist or a waveform. */
export const MAX_TEXT_BYTES = 300_000;

type VariantFile = Omit<DerivedFile, 'stream'> &
  ({ bytes: Uint8Array<ArrayBuffer> } | Pick<DerivedFile, 'stream'>);

/** Stores a file as a variant of the attachment. */
export async function storeVariant(
  { ctx, id, signal }: Pick<StageInput, 'ctx' | 'id' | 'signal'>,
  name: string,
  file: VariantFile,
): Promise<StoredVariant> {
  const { contentType, width, height } = file;
  const source = 'bytes' in file ? file.bytes : file.stream();
  const key = storageKey(ctx.tenantId, id, name);
  const { sizeBytes } = await ctx.files.storage.upload(key, source, { contentType, signal });
  return { name, contentType, sizeBytes, ...(width && height && { width, height }) };
}

export function textFile(contentType: string, text: string) {
  const bytes = Buffer.from(text);
  return { contentType, sizeBytes: bytes.byteLength, bytes };
}
