import { crc32, deflateSync } from 'node:zlib';

/** A PNG with these dimensions in its header and these chunks, gray or in RGB. */
export function createPng(
  width: number,
  height: number,
  chunks: Buffer[],
  { isColored = false } = {},
): Buffer {
  const header = Buffer.alloc(13);
  header.writeUInt32BE(width, 0);
  header.writeUInt32BE(height, 4);
  header[8] = 8;
  header[9] = isColored ? 2 : 0;
  return Buffer.concat([
    Buffer.from([137, 80, 78, 71, 13, 10, 26, 10]),
    pngChunk('IHDR', header),
    ...chunks,
    pngChunk('IEND', Buffer.alloc(0)),
  ]);
}

export function pngChunk(type: string, content: Buffer): Buffer {
  const body = Buffer.concat([Buffer.from(type), content]);
  const chunk = Buffer.alloc(body.byteLength + 8);
  chunk.writeUInt32BE(content.byteLength, 0);
  body.copy(chunk, 4);
  chunk.writeUInt32BE(crc32(body), body.byteLength + 4);
  return chunk;
}

/** A PNG of random pixels, which does not compress. */
export function randomPng(width: number, height: number): Uint8Array<ArrayBuffer> {
  const row = 1 + 3 * width;
  const pixels = crypto.getRandomValues(new Uint8Array(Math.min(row * height, 65_536)));
  const raw = Buffer.alloc(row * height);
  for (let offset = 0; offset < raw.length; offset += pixels.length)
    raw.set(pixels.subarray(0, raw.length - offset), offset);
  for (let y = 0; y < height; y++) raw[y * row] = 0;
  const chunks = [pngChunk('IDAT', deflateSync(raw))];
  return new Uint8Array(createPng(width, height, chunks, { isColored: true }));
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
