import { createVariants } from './create-variants.ts';
import { toImageErrorCode } from './image-error-code.ts';
import type { ImageRequest, ImageResponse } from './image-task.ts';
import { encodeFrame, readFrames } from './message-frames.ts';
import { readImageMetadata, transformImage } from './transform-image.ts';

/**
 * The process that decodes images, one at a time: requests on standard input, responses for
 * `image-worker-process.ts` on standard output. It has no secrets and ends when its input ends.
 */
const nextRequest = readFrames<ImageRequest>(Bun.stdin.stream(), {
  maxBytes: 65_536,
  sizeOf: () => 0,
});
for (let request = await nextRequest(); request; request = await nextRequest()) {
  const files: Uint8Array[] = [];
  const response = await perform(request.head, files).catch((error) => ({
    code: toImageErrorCode(error),
  }));
  await Bun.write(Bun.stdout, Buffer.concat(encodeFrame(response, ...files)));
}

/** Appends the bytes of the variants to `files`, in their order. */
async function perform(
  { task, maxPixels, path }: ImageRequest,
  files: Uint8Array[],
): Promise<ImageResponse> {
  const appendFile = <V extends { bytes: Uint8Array }>({ bytes, ...variant }: V) => {
    files.push(bytes);
    return { ...variant, sizeBytes: bytes.byteLength };
  };
  switch (task.kind) {
    case 'variants': {
      const { variants, placeholder } = await createVariants(path, maxPixels);
      return { variants: variants.map(appendFile), placeholder };
    }
    case 'transforms': {
      const variants = [];
      for (const transform of task.transforms) {
        variants.push(appendFile(await transformImage(path, maxPixels, transform)));
      }
      return { variants };
    }
    case 'metadata':
      return { variants: [], metadata: await readImageMetadata(path, maxPixels) };
  }
}
