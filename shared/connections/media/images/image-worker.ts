import { encodeFrame, readFrames } from './message-frames.ts';
import { toImageErrorCode } from './image-error-code.ts';
import type { ImageResponse, ImageRequest } from './image-task.ts';
import { createVariants } from './create-variants.ts';
import { readImageMetadata, transformImage } from './transform-image.ts';

/**
 * The process in which pictures are decoded, one after the other: questions on its standard input, the
 * answers of `image-process.ts` on its standard output. It knows no secrets and ends with its input.
 */
const questions = readFrames<ImageRequest>(Bun.stdin.stream(), {
  maxBytes: Number.MAX_SAFE_INTEGER,
  sizeOf: ({ sizeBytes }) => sizeBytes,
});
for (let asked = await questions(); asked; asked = await questions()) {
  const parts: Uint8Array[] = [];
  const answer = await perform(asked.head, asked.bytes, parts).catch((error) => ({
    code: toImageErrorCode(error),
  }));
  await Bun.write(Bun.stdout, Buffer.concat(encodeFrame(answer, ...parts)));
}

/** Sets the bytes of what it makes aside, in the order of the variants. */
async function perform(
  { task, maxPixels }: ImageRequest,
  source: Uint8Array,
  parts: Uint8Array[],
): Promise<ImageResponse> {
  const setAside = <V extends { bytes: Uint8Array }>({ bytes, ...variant }: V) => {
    parts.push(bytes);
    return { ...variant, sizeBytes: bytes.byteLength };
  };
  switch (task.kind) {
    case 'variants': {
      const { variants, placeholder } = await createVariants(source, maxPixels);
      return { variants: variants.map(setAside), placeholder };
    }
    case 'transforms': {
      const variants = [];
      for (const wanted of task.transforms) {
        variants.push(setAside(await transformImage(source, maxPixels, wanted)));
      }
      return { variants };
    }
    case 'metadata':
      return { variants: [], metadata: await readImageMetadata(source, maxPixels) };
  }
}
