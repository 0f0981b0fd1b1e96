import { AppError } from '@insightdesk/shared/errors';
import { createVariants } from './images.ts';

/**
 * The process in which a picture is decoded: bytes on its standard input, the answer of
 * `image-process.ts` on its standard output. It knows no secrets and ends with its picture.
 */
const [maxPixels] = process.argv.slice(2).map(Number);
const parts: Uint8Array[] = [];
let answer: object;
try {
  const variants = await createVariants(await Bun.stdin.bytes(), maxPixels ?? 0);
  answer = {
    variants: variants.map(({ bytes, ...variant }) => {
      parts.push(bytes);
      return { ...variant, sizeBytes: bytes.byteLength };
    }),
  };
} catch (error) {
  answer = { code: error instanceof AppError ? error.code : 'FAILED' };
}
const head = Buffer.from(JSON.stringify(answer));
const length = Buffer.alloc(4);
length.writeUInt32BE(head.byteLength);
await Bun.write(Bun.stdout, Buffer.concat([length, head, ...parts]));
