import { crc32, deflateSync } from 'node:zlib';
import sharp from 'sharp';

/** Pixels that encode like a photograph: smooth and slightly noisy in three channels. */
function scene(width: number, height: number): Buffer {
  const pixels = Buffer.alloc(width * height * 3);
  for (let y = 0, at = 0; y < height; y++) {
    for (let x = 0; x < width; x++, at += 3) {
      const grain = ((x * 7919 + y * 104729) >>> 3) & 15;
      pixels[at] = (x * 200) / width + grain;
      pixels[at + 1] = (y * 200) / height + grain;
      pixels[at + 2] = 120 + 80 * Math.sin((x + y) / 90) + grain;
    }
  }
  return pixels;
}

/** An image to encode in any format. */
export function testImage(width: number, height: number) {
  return sharp(scene(width, height), { raw: { width, height, channels: 3 } });
}

/** A JPEG of a phone held upright: stored rotated, with camera and location in its EXIF. */
export function phonePhoto(width: number, height: number): Promise<Buffer> {
  const IFD3 = { GPSLatitudeRef: 'N', GPSLatitude: '48/1 51/1 30/1', GPSLongitudeRef: 'E' };
  return testImage(width, height)
    .withMetadata({ orientation: 6 })
    .withExifMerge({ IFD0: { Make: 'Pocket', Model: 'Pocket 3' }, IFD3 })
    .jpeg({ quality: 88 })
    .toBuffer();
}

/** A GIF of `pages` frames. */
export function animation(side: number, pages: number): Promise<Buffer> {
  const raw = { width: side, height: side * pages, channels: 3, pageHeight: side } as const;
  return sharp(scene(side, side * pages), { raw })
    .gif({ delay: Array(pages).fill(40) })
    .toBuffer();
}

/** A valid PNG of a few kilobytes that needs width x height bytes of memory. */
export function bombPng(width: number, height: number): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  const rows = deflateSync(Buffer.alloc((width + 1) * Math.min(height, 200)), { level: 9 });
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    pngChunk('IHDR', header),
    pngChunk('IDAT', rows),
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const chunk = Buffer.alloc(body.byteLength + 8);
  chunk.writeUInt32BE(content.byteLength, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.byteLength + 4);
  return chunk;
}

/** An AVIF of 1.4 KB and one color, of 7,000 x 7,000 pixels, that needs a gigabyte of memory. */
export const bombAvif = Buffer.from(
  `
    AAAAHGZ0eXBhdmlmAAAAAG1pZjFhdmlmbWlhZgAAANZtZXRhAAAAAAAAACFoZGxyAAAAAAAAAABwaWN0AAAAAAAAAAAA
    AAAAAAAAACJpbG9jAAAAAERAAAEAAQAAAAAA+gABAAAAAAAABGAAAAAjaWluZgAAAAAAAQAAABVpbmZlAgAAAAABAABh
    djAxAAAAAA5waXRtAAAAAAABAAAAVmlwcnAAAAA4aXBjbwAAAAxhdjFDgT8CAAAAABRpc3BlAAAAAAAAG1gAABtYAAAA
    EHBpeGkAAAAAAwgICAAAABZpcG1hAAAAAAAAAAEAAQOBAgMAAARobWRhdBIACgo/8zavtXaQENBpMs8IE5KExgmHnnnm
    gkAAAFfPzEUivjOUlIruzsk6eDCS1o1YtoUnli9sY44wKlFtdT8hSMsmXp9MhLWV5iaa1kztU3oEBOaXLU3dVmzRlYaq
    nYmhVyGz7PjoCW5lXQdkcBPzhJ+km3gUks/MUl6RnaS5nVmsj2jkqnJn2qyyhH23UZiRgt90VSxllxS4hMbmpwkd+jpc
    7XFk7CTKQC2i2Yht25JEW0/ZoPvrJMe9gFdi2AKQVQfgRnq/Xn3iOr7Scw6ZnxNFeZZbxZqY00pTEJE+SRyvPrXJ1Awk
    Je/ya6zj164ag9+Zlm99I2/y2/pYPkp5M11Pscl7ts0mwFnPzFJekZ2kuZ1ZrI9o5KpyZ9qssoR9t1GYkYLfdFUsZZcU
    uITG5qcJHfo6XO1xZOwkykArBMi4sit9739SOgUwaMakopzbjDvyHSpXl1OCoP0zBfLyOch2c3iSz8xSXpGdpLmdWayP
    aOSqcmfarLKEfbdRmJGC33RVLGWXFLiExuanCR36OlztcWTsJMpALaLZiG3bkkRbT9mg++skx72AV2LYApBVB+BGer9e
    feI6vtJzDpmfE0V5llvFmpjTSlMQkT5JHK8+tcnUDCQl7/JrrOPXrhqD35mWb30jb/Lb+lg+SnkzXU+xyXu2zSbAWc/M
    Ul6RnaS5nVmsj2jkqnJn2qyyhH23UZiRgt90VSxllxS4hMbmpwkd+jpc7XFk7CTKQCsEyLiyK33vf1I6BTBoxqSinNuM
    O/IdKleXU4Kg/TMF8vI5yHZzeJLPzFJekZ2kuZ1ZrI9o5KpyZ9qssoR9t1GYkYLfdFUsZZcUuITG5qcJHfo6XO1xZOwk
    ykAtotmIbduSRFtP2aD76yTHvYBXYtgCkFUH4EZ6v1594jq+0nMOmZ8TRXmWW8WamNNKUxCRPkkcrz61ydQMJCXv8mus
    49euGoPfmZZvfSNv8tv6WD5KeTNdT7HJe7bNJsCvz8xSXpGdpLmdWayPaOSqcmfarLKEfbdRmJGC33RVLGWXFLiExuan
    CR36OlztcWTsJMpAKwTIuLIrfe9/UjoFMGjGpKKc24w78h0qV5dTgqD9MwXy8joIwrbPOb6zsNWbTdaX5KUqGlXceJFp
    bZpujiLv++kurv24aQ6kpmZr0YRQK6TNvk8FulX+BZ18YQ+SV58yOFapgEuKaY/nsSViytMotIISoL/CQJ/CV37uIMDP
    zFJekZ2kuZ1ZrI9o5KpyZ9qssoR9t1GYkYLfdFUsZZcUuITG5qcJHfo6XO1xZOwkykAtotmIbduSRFtP2aD76yTHvYBX
    YtgCkFUH4EZ6v1594jq+0nMOmZ8TRXmWW8WamNNKUxCRPkkcrz61ydQMJCXv8mus49euGoPfmZZvfSNv8tv6WD5KeTNd
    U5d6QJhiBOVRmIXYDl8GRBUgq08H77pgAc95oNNyhxwV2hgcMRD4R3nu1jvWpkYz0QkP5nzMjHjkHoA=`,
  'base64',
);
