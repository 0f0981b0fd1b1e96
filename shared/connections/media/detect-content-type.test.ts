import { describe, expect, test } from 'bun:test';
import { detectContentType } from './detect-content-type.ts';
import { animation, phonePhoto, testImage } from './images/test-images.ts';

const HEAD_BYTES = 4100;
const utf8 = new TextEncoder();
const photo = await phonePhoto(640, 480);

const heads: [type: string, head: Uint8Array][] = [
  ['image/jpeg', photo],
  ['image/png', await testImage(60, 60).png().toBuffer()],
  ['image/webp', await testImage(60, 60).webp().toBuffer()],
  ['image/avif', await testImage(60, 60).avif().toBuffer()],
  ['image/gif', await animation(40, 2)],
  ['application/pdf', utf8.encode('%PDF-1.7\n%\xe2\xe3\n1 0 obj')],
  ['application/zip', new Uint8Array([0x50, 0x4b, 5, 6, ...Array(18).fill(0)])],
  ['application/gzip', new Uint8Array([31, 139, 8, 0, 0, 0, 0, 0])],
];

describe('detectContentType: signatures', () => {
  const png = [137, 80, 78, 71, 13, 10, 26, 10, 0, 0, 0, 13, 73, 72, 68, 82];
  test.each(heads)('%s', async (type, bytes) => {
    expect(await detectContentType(bytes.subarray(0, HEAD_BYTES))).toBe(type);
  });

  test('an animated PNG is detected as image/png', async () => {
    const control = [0, 0, 0, 8, ...utf8.encode('acTL'), ...Array(12).fill(0)];
    const header = [0, 0, 0, 1, 0, 0, 0, 1, 8, 6, 0, 0, 0, 0, 0, 0, 0];
    const head = new Uint8Array([...png, ...header, ...control]);
    expect(await detectContentType(head)).toBe('image/png');
  });
});

describe('detectContentType: text', () => {
  const texts: [type: string, text: string][] = [
    ['text/plain', 'This is not an image.'],
    ['text/plain', 'Grüße aus Zürich, 東京 🙂'],
    ['text/plain', 'BMW 320 broke down'],
    ['text/plain', 'GIF89a is how a GIF begins'],
    ['text/plain', 'MZ is how a program begins'],
    ['text/plain', '[12:00] connected\n[12:01] gone\n'],
    ['text/plain', 'first, second\nand no third\nor fourth, it seems\n'],
    ['application/json', ' {"a": [1, 2]}\n'],
    ['text/csv', 'id,name,city\n1,"Ada, Countess",London\n2,Alan,\n'],
    ['text/csv', 'id;name\r\n1;Ada\r\n2;Alan\r\n3;G'],
    ['text/calendar', 'BEGIN:VCALENDAR\r\nVERSION:2.0\r\n'],
    ['text/vcard', 'BEGIN:VCARD\r\nVERSION:4.0\r\n'],
  ];
  test.each(texts)('%s: %j', async (type, text) => {
    expect(await detectContentType(utf8.encode(text))).toBe(type);
  });

  test('text truncated inside a character is detected as text', async () => {
    const bytes = utf8.encode('naïve 🙂');
    expect(await detectContentType(bytes.subarray(0, bytes.length - 1))).toBe('text/plain');
  });
});

describe('detectContentType: markup is application/octet-stream', () => {
  test.each([
    '<svg xmlns="http://www.w3.org/2000/svg"><script>alert(1)</script></svg>',
    '<?xml version="1.0"?>\n<!-- x --><svg xmlns="http://www.w3.org/2000/svg"/>',
    '\ufeff<?xml version="1.0"?><html xmlns="http://www.w3.org/1999/xhtml"/>',
    '  <!DOCTYPE html><script>alert(1)</script>',
    '<SCRIPT>alert(1)</SCRIPT>',
  ])('%s', async (text) => {
    expect(await detectContentType(utf8.encode(text))).toBe('application/octet-stream');
  });
});

test('empty files and random bytes have no content type', async () => {
  expect(await detectContentType(new Uint8Array())).toBeUndefined();
  expect(await detectContentType(new Uint8Array([1, 2, 3, 0, 254, 255, 7]))).toBeUndefined();
  expect(await detectContentType(new Uint8Array([0x67, 0x72, 0xfc, 0xdf, 0x65]))).toBeUndefined();
});
