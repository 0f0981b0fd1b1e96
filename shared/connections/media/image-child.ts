import { faultOf } from './image-fault.ts';
import type { ImageAnswer, ImageTask } from './image-task.ts';
import { createVariants } from './images.ts';
import { readMetadata, transform } from './transform.ts';

/**
 * The process in which a picture is decoded: bytes on its standard input, the answer of
 * `image-process.ts` on its standard output. It knows no secrets and ends with its picture.
 */
const [maxPixels = '0', text = '{"kind":"variants"}'] = process.argv.slice(2);
const parts: Uint8Array[] = [];
let answer: object;
try {
  const source = await Bun.stdin.bytes();
  answer = await perform(JSON.parse(text), source, Number(maxPixels)).catch((error) => ({
    code: faultOf(error),
  }));
} catch {
  answer = { code: 'FAILED' };
}
const head = Buffer.from(JSON.stringify(answer));
const length = Buffer.alloc(4);
length.writeUInt32BE(head.byteLength);
await Bun.write(Bun.stdout, Buffer.concat([length, head, ...parts]));

async function perform(
  task: ImageTask,
  source: Uint8Array,
  maxPixels: number,
): Promise<ImageAnswer> {
  switch (task.kind) {
    case 'variants': {
      const { variants, placeholder } = await createVariants(source, maxPixels);
      return { variants: variants.map(setAside), placeholder };
    }
    case 'transforms': {
      const variants = [];
      for (const wanted of task.transforms) {
        variants.push(setAside(await transform(source, maxPixels, wanted)));
      }
      return { variants };
    }
    case 'metadata':
      return { variants: [], metadata: await readMetadata(source, maxPixels) };
  }
}

/** Its bytes follow after the answer, in this order. */
function setAside<V extends { bytes: Uint8Array }>({ bytes, ...variant }: V) {
  parts.push(bytes);
  return { ...variant, sizeBytes: bytes.byteLength };
}
