import { bombAvif, createPng, pngChunk } from '@insightdesk/shared/testing';
import { createRandom } from '../../../shared/testing/random.ts';
import { compressZeros, gif, smallImages, tiff } from './images.ts';
import { recordings } from './media.ts';
import { zip } from './zip.ts';

/** A malicious file and its allowed results. */
export interface MaliciousFile {
  description: string;
  name: string;
  bytes: Uint8Array;
  /** Codes with which it may be rejected, at upload or after processing. */
  expectedErrors?: readonly string[];
  /**
   * The type with which it may be stored; '' is any type that browsers do not execute. Without both fields it must be
   * stored.
   */
  acceptedTypes?: string;
}

const MEGABYTE = 1_000_000;
const script = '<script>fetch("/v1/me").then(alert)</script>';
const imageErrors = ['IMAGE_CORRUPT', 'IMAGE_TOO_LARGE', 'IMAGE_TOO_COSTLY', 'PROCESSING_FAILED'];

/** All malicious files, with `points` damaged copies of each kind and format. */
export async function createCorpus({ points, seed }: { points: number; seed: number }) {
  const images = await smallImages();
  return [
    ...mismatchedFiles(images),
    ...bombs(),
    ...markup(),
    ...names(images.png),
    ...damaged(images, { points, seed, errors: [...imageErrors, 'CONTENT_TYPE_MISMATCH'] }),
    ...damaged(recordings, { points, seed, errors: ['CONTENT_TYPE_MISMATCH'] }),
  ];
}

type Images = Awaited<ReturnType<typeof smallImages>>;

/** Files with two formats, or with another format than their name. */
function mismatchedFiles({ png, jpg, gif: plain, webp }: Images): MaliciousFile[] {
  const mismatch = ['CONTENT_TYPE_MISMATCH'];
  const page = Buffer.from(`<!doctype html><body>${script}`);
  const gifScript = Buffer.from(`GIF89a/*${'\0'.repeat(6)}*/=1;alert(1)`);
  const pdf = Buffer.from(`%PDF-1.4\n${script}\n%%EOF`);
  const program = Buffer.concat([Buffer.from('MZ\x90\0', 'latin1'), Buffer.alloc(200)]);
  const archive = zip({ 'index.html': page });
  return [
    { description: 'a page as an image', name: 'a.png', bytes: page, expectedErrors: mismatch },
    {
      description: 'a program as an image',
      name: 'a.jpg',
      bytes: program,
      expectedErrors: mismatch,
    },
    {
      description: 'an archive as an image',
      name: 'a.webp',
      bytes: archive,
      expectedErrors: mismatch,
    },
    {
      description: 'text as an image',
      name: 'a.gif',
      bytes: Buffer.from('hello'),
      expectedErrors: mismatch,
    },
    { description: 'a PNG as a JPEG', name: 'a.jpeg', bytes: png, expectedErrors: mismatch },
    { description: 'a JPEG as an AVIF', name: 'a.avif', bytes: jpg, expectedErrors: mismatch },
    { description: 'an image as text', name: 'a.txt', bytes: webp, acceptedTypes: 'image/webp' },
    {
      description: 'a GIF that is a script',
      name: 'a.gif',
      bytes: gifScript,
      expectedErrors: imageErrors,
    },
    {
      description: 'a script after a PNG',
      name: 'a.png',
      bytes: Buffer.concat([png, page]),
      acceptedTypes: 'image/png',
    },
    {
      description: 'an archive after a JPEG',
      name: 'a.jpg',
      bytes: Buffer.concat([jpg, archive]),
      acceptedTypes: 'image/jpeg',
    },
    {
      description: 'a page after a GIF',
      name: 'a.gif',
      bytes: Buffer.concat([plain, page]),
      acceptedTypes: 'image/gif',
    },
    { description: 'a PDF that is a page', name: 'a.html', bytes: pdf },
    {
      description: 'a page before an archive',
      name: 'a.zip',
      bytes: Buffer.concat([page, archive]),
    },
    { description: 'a script by name and content', name: 'a.js', bytes: Buffer.from('alert(1)') },
    {
      description: 'an empty file',
      name: 'a.bin',
      bytes: Buffer.alloc(0),
      expectedErrors: ['FILE_EMPTY'],
    },
  ];
}

/** Small files that need many resources. */
function bombs(): MaliciousFile[] {
  const zeros = Buffer.alloc(10 * MEGABYTE);
  const nested = zip({ 'a.zip': zip({ 'b.zip': zip({ zeros }), 'c.zip': zip({ zeros }) }) });
  const rows = pngChunk('IDAT', compressZeros(200 * MEGABYTE));
  const profile = Buffer.concat([Buffer.from('icc\0\0'), compressZeros(200 * MEGABYTE)]);
  const pixel = pngChunk('IDAT', compressZeros(2));
  const manyChunks = Array<Buffer>(20_000).fill(pngChunk('tEXt', Buffer.from('a\0b')));
  return [
    { description: 'a zip bomb', name: 'a.zip', bytes: nested, acceptedTypes: 'application/zip' },
    {
      description: 'a zip bomb as a document',
      name: 'a.docx',
      bytes: zip({ 'word/document.xml': zeros }),
    },
    {
      description: 'a PNG of 3,600 megapixels',
      name: 'a.png',
      bytes: createPng(60_000, 60_000, [rows]),
      expectedErrors: imageErrors,
    },
    {
      description: 'a PNG with the maximum dimensions',
      name: 'b.png',
      bytes: createPng(2 ** 31 - 1, 2 ** 31 - 1, [pixel]),
      expectedErrors: imageErrors,
    },
    {
      description: 'a PNG without dimensions',
      name: 'c.png',
      bytes: createPng(0, 0, [pixel]),
      expectedErrors: imageErrors,
    },
    {
      description: 'a PNG of one pixel with 200 MB of rows',
      name: 'd.png',
      bytes: createPng(1, 1, [rows]),
      expectedErrors: imageErrors,
      acceptedTypes: 'image/png',
    },
    {
      description: 'a PNG with a color profile of 200 MB',
      name: 'e.png',
      bytes: createPng(1, 1, [pngChunk('iCCP', profile), pixel]),
      expectedErrors: imageErrors,
      acceptedTypes: 'image/png',
    },
    {
      description: 'a PNG of 20,000 chunks',
      name: 'f.png',
      bytes: createPng(1, 1, [...manyChunks, pixel]),
      expectedErrors: imageErrors,
      acceptedTypes: 'image/png',
    },
    {
      description: 'an AVIF of 49 megapixels',
      name: 'a.avif',
      bytes: bombAvif,
      expectedErrors: imageErrors,
    },
    {
      description: 'a GIF of 4,000 megapixels',
      name: 'a.gif',
      bytes: gif(65_535, 1),
      expectedErrors: imageErrors,
    },
    {
      description: 'a GIF of 5,000 frames',
      name: 'b.gif',
      bytes: gif(1_000, 5_000),
      expectedErrors: imageErrors,
      acceptedTypes: 'image/gif',
    },
    {
      description: 'a TIFF of 10^18 pixels',
      name: 'a.tiff',
      bytes: tiff(2 ** 30, 2 ** 30),
      acceptedTypes: 'image/tiff',
    },
  ];
}

/** Files that browsers execute. */
function markup(): MaliciousFile[] {
  const svg = (inner: string, before = '') =>
    Buffer.from(`${before}<svg xmlns="http://www.w3.org/2000/svg">${inner}</svg>`);
  const entities = Array.from({ length: 12 }, (_, n) =>
    n === 0 ? '<!ENTITY e0 "ha">' : `<!ENTITY e${n} "${`&e${n - 1};`.repeat(10)}">`,
  );
  const entityBomb = `<!DOCTYPE svg [${entities.join('')}]>`;
  const externalEntity = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>';
  return [
    { description: 'an SVG with a script', name: 'a.svg', bytes: svg(script) },
    {
      description: 'an SVG with an entity bomb',
      name: 'b.svg',
      bytes: svg('<text>&e11;</text>', entityBomb),
    },
    {
      description: 'an SVG that reads files',
      name: 'c.svg',
      bytes: svg('<text>&x;</text>', externalEntity),
    },
    {
      description: 'an SVG as a PNG',
      name: 'd.png',
      bytes: svg(script),
      expectedErrors: ['CONTENT_TYPE_MISMATCH'],
    },
    { description: 'a page', name: 'a.html', bytes: Buffer.from(`<!doctype html>${script}`) },
    { description: 'a page after blanks', name: 'b.html', bytes: Buffer.from(`\n\n \t${script}`) },
    {
      description: 'a page after a byte order mark',
      name: 'c.html',
      bytes: Buffer.from(`\ufeff${script}`),
    },
    {
      description: 'a page in UTF-16',
      name: 'd.html',
      bytes: Buffer.from(`\ufeff${script}`, 'utf16le'),
    },
    {
      description: 'a page after a comment',
      name: 'e.html',
      bytes: Buffer.from(`<!-- x -->${script}`),
    },
    {
      description: 'XML with a stylesheet',
      name: 'a.xml',
      bytes: Buffer.from('<?xml-stylesheet href="x"?><a/>'),
    },
  ];
}

/** Names with path traversal, header injection or misleading extensions. */
function names(image: Buffer): MaliciousFile[] {
  const refused = ['VALIDATION_FAILED', 'MALFORMED_MULTIPART', 'CONTENT_TYPE_MISMATCH'];
  return [
    '../../../../etc/passwd.png',
    '..\\..\\windows\\system32\\a.png',
    '/etc/cron.d/a.png',
    'a\u202Egnp.exe',
    '"; filename=evil.html; x="a.png',
    'a%0d%0aSet-Cookie: x=1.png',
    '.png',
    `${'ä'.repeat(120)}.png`,
  ].map((name) => ({
    description: 'a malicious name',
    name,
    bytes: image,
    expectedErrors: refused,
    acceptedTypes: 'image/png',
  }));
}

interface Damage {
  points: number;
  seed: number;
  errors: readonly string[];
}

/** Truncated files and files with a flipped bit, `points` of each. */
function damaged(files: Record<string, Buffer>, { points, seed, errors }: Damage): MaliciousFile[] {
  const random = createRandom(seed);
  return Object.entries(files).flatMap(([format, whole]) =>
    Array.from({ length: points }, (_, n): MaliciousFile[] => {
      const offset = random(whole.byteLength - 1) + 1;
      const flipped = Buffer.from(whole);
      flipped.writeUInt8(flipped.readUInt8(offset) ^ (1 << random(8)), offset);
      const name = `${n}.${format}`;
      const rest = { name, expectedErrors: errors, acceptedTypes: '' };
      return [
        {
          description: `a ${format} truncated at ${offset}`,
          bytes: whole.subarray(0, offset),
          ...rest,
        },
        { description: `a ${format} with a flipped bit at ${offset}`, bytes: flipped, ...rest },
      ];
    }).flat(),
  );
}
