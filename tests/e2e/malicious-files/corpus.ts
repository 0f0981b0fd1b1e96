import { createRandom } from '../../../shared/testing/random.ts';
import { gif, png, pngChunk, smallImages, swelling, tiff } from './images.ts';
import { bombAvif, recordings } from './media.ts';
import { zip } from './zip.ts';

/** A file that means no good, and what may become of it. */
export interface MaliciousFile {
  what: string;
  name: string;
  bytes: Uint8Array;
  /** Codes with which it may be refused, at once or after processing. */
  refused?: readonly string[];
  /** The type as which it may be kept; '' is any that no browser runs. With neither it is kept so. */
  acceptedTypes?: string;
}

const MEGABYTE = 1_000_000;
const script = '<script>fetch("/v1/me").then(alert)</script>';
const imageErrors = ['IMAGE_CORRUPT', 'IMAGE_TOO_LARGE', 'IMAGE_TOO_COSTLY', 'PROCESSING_FAILED'];

/** Every way in which files lie that we know of; `points` damages of each kind in each format. */
export async function createCorpus({ points, seed }: { points: number; seed: number }) {
  const images = await smallImages();
  return [
    ...liars(images),
    ...bombs(),
    ...markup(),
    ...names(images.png),
    ...damaged(images, { points, seed, errors: [...imageErrors, 'CONTENT_TYPE_MISMATCH'] }),
    ...damaged(recordings, { points, seed, errors: ['CONTENT_TYPE_MISMATCH'] }),
  ];
}

type Images = Awaited<ReturnType<typeof smallImages>>;

/** Two things at once, or something else than the name says. */
function liars({ png, jpg, gif: plain, webp }: Images): MaliciousFile[] {
  const mismatch = ['CONTENT_TYPE_MISMATCH'];
  const page = Buffer.from(`<!doctype html><body>${script}`);
  const gifScript = Buffer.from(`GIF89a/*${'\0'.repeat(6)}*/=1;alert(1)`);
  const pdf = Buffer.from(`%PDF-1.4\n${script}\n%%EOF`);
  const program = Buffer.concat([Buffer.from('MZ\x90\0', 'latin1'), Buffer.alloc(200)]);
  const archive = zip({ 'index.html': page });
  return [
    { what: 'a page as a image', name: 'a.png', bytes: page, refused: mismatch },
    { what: 'a program as a image', name: 'a.jpg', bytes: program, refused: mismatch },
    { what: 'an archive as a image', name: 'a.webp', bytes: archive, refused: mismatch },
    { what: 'text as a image', name: 'a.gif', bytes: Buffer.from('hello'), refused: mismatch },
    { what: 'a PNG as a JPEG', name: 'a.jpeg', bytes: png, refused: mismatch },
    { what: 'a JPEG as an AVIF', name: 'a.avif', bytes: jpg, refused: mismatch },
    { what: 'a image as text', name: 'a.txt', bytes: webp, acceptedTypes: 'image/webp' },
    { what: 'a GIF that is a script', name: 'a.gif', bytes: gifScript, refused: imageErrors },
    {
      what: 'a script after a PNG',
      name: 'a.png',
      bytes: Buffer.concat([png, page]),
      acceptedTypes: 'image/png',
    },
    {
      what: 'an archive after a JPEG',
      name: 'a.jpg',
      bytes: Buffer.concat([jpg, archive]),
      acceptedTypes: 'image/jpeg',
    },
    {
      what: 'a page after a GIF',
      name: 'a.gif',
      bytes: Buffer.concat([plain, page]),
      acceptedTypes: 'image/gif',
    },
    { what: 'a PDF that is a page', name: 'a.html', bytes: pdf },
    { what: 'a page before an archive', name: 'a.zip', bytes: Buffer.concat([page, archive]) },
    { what: 'a script by name and content', name: 'a.js', bytes: Buffer.from('alert(1)') },
    { what: 'nothing', name: 'a.bin', bytes: Buffer.alloc(0), refused: ['FILE_EMPTY'] },
  ];
}

/** Small files that want much. */
function bombs(): MaliciousFile[] {
  const zeros = Buffer.alloc(10 * MEGABYTE);
  const nested = zip({ 'a.zip': zip({ 'b.zip': zip({ zeros }), 'c.zip': zip({ zeros }) }) });
  const rows = pngChunk('IDAT', swelling(200 * MEGABYTE));
  const profile = Buffer.concat([Buffer.from('icc\0\0'), swelling(200 * MEGABYTE)]);
  const one = pngChunk('IDAT', swelling(2));
  const manyChunks = Array<Buffer>(20_000).fill(pngChunk('tEXt', Buffer.from('a\0b')));
  return [
    { what: 'a zip bomb', name: 'a.zip', bytes: nested, acceptedTypes: 'application/zip' },
    {
      what: 'a zip bomb as a document',
      name: 'a.docx',
      bytes: zip({ 'word/document.xml': zeros }),
    },
    {
      what: 'a PNG of 3,600 megapixels',
      name: 'a.png',
      bytes: png(60_000, 60_000, rows),
      refused: imageErrors,
    },
    {
      what: 'a PNG of the largest sides',
      name: 'b.png',
      bytes: png(2 ** 31 - 1, 2 ** 31 - 1, one),
      refused: imageErrors,
    },
    { what: 'a PNG of no sides', name: 'c.png', bytes: png(0, 0, one), refused: imageErrors },
    {
      what: 'a PNG of one pixel and 200 MB of rows',
      name: 'd.png',
      bytes: png(1, 1, rows),
      refused: imageErrors,
      acceptedTypes: 'image/png',
    },
    {
      what: 'a PNG with 200 MB of colour profile',
      name: 'e.png',
      bytes: png(1, 1, pngChunk('iCCP', profile), one),
      refused: imageErrors,
      acceptedTypes: 'image/png',
    },
    {
      what: 'a PNG of 20,000 chunks',
      name: 'f.png',
      bytes: png(1, 1, ...manyChunks, one),
      refused: imageErrors,
      acceptedTypes: 'image/png',
    },
    { what: 'an AVIF of 49 megapixels', name: 'a.avif', bytes: bombAvif, refused: imageErrors },
    {
      what: 'a GIF of 4,000 megapixels',
      name: 'a.gif',
      bytes: gif(65_535, 1),
      refused: imageErrors,
    },
    {
      what: 'a GIF of 5,000 frames',
      name: 'b.gif',
      bytes: gif(1_000, 5_000),
      refused: imageErrors,
      acceptedTypes: 'image/gif',
    },
    {
      what: 'a TIFF of 10^18 pixels',
      name: 'a.tiff',
      bytes: tiff(2 ** 30, 2 ** 30),
      acceptedTypes: 'image/tiff',
    },
  ];
}

/** What a browser would run. */
function markup(): MaliciousFile[] {
  const svg = (inner: string, before = '') =>
    Buffer.from(`${before}<svg xmlns="http://www.w3.org/2000/svg">${inner}</svg>`);
  const entities = Array.from({ length: 12 }, (_, n) =>
    n === 0 ? '<!ENTITY e0 "ha">' : `<!ENTITY e${n} "${`&e${n - 1};`.repeat(10)}">`,
  );
  const laughs = `<!DOCTYPE svg [${entities.join('')}]>`;
  const outside = '<!DOCTYPE svg [<!ENTITY x SYSTEM "file:///etc/passwd">]>';
  return [
    { what: 'an SVG with a script', name: 'a.svg', bytes: svg(script) },
    { what: 'an SVG that swells', name: 'b.svg', bytes: svg('<text>&e11;</text>', laughs) },
    { what: 'an SVG that reads files', name: 'c.svg', bytes: svg('<text>&x;</text>', outside) },
    {
      what: 'an SVG as a PNG',
      name: 'd.png',
      bytes: svg(script),
      refused: ['CONTENT_TYPE_MISMATCH'],
    },
    { what: 'a page', name: 'a.html', bytes: Buffer.from(`<!doctype html>${script}`) },
    { what: 'a page after blanks', name: 'b.html', bytes: Buffer.from(`\n\n \t${script}`) },
    {
      what: 'a page after a byte order mark',
      name: 'c.html',
      bytes: Buffer.from(`\ufeff${script}`),
    },
    { what: 'a page in UTF-16', name: 'd.html', bytes: Buffer.from(`\ufeff${script}`, 'utf16le') },
    { what: 'a page after a comment', name: 'e.html', bytes: Buffer.from(`<!-- x -->${script}`) },
    {
      what: 'XML with a stylesheet',
      name: 'a.xml',
      bytes: Buffer.from('<?xml-stylesheet href="x"?><a/>'),
    },
  ];
}

/** Names that mean to lead elsewhere. */
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
  ].map((name) => ({ what: 'a name', name, bytes: image, refused, acceptedTypes: 'image/png' }));
}

interface Damage {
  points: number;
  seed: number;
  errors: readonly string[];
}

/** Cut off and with a bit turned over, at so many places of each. */
function damaged(files: Record<string, Buffer>, { points, seed, errors }: Damage): MaliciousFile[] {
  const random = createRandom(seed);
  return Object.entries(files).flatMap(([format, whole]) =>
    Array.from({ length: points }, (_, n): MaliciousFile[] => {
      const at = random(whole.byteLength - 1) + 1;
      const turned = Buffer.from(whole);
      turned.writeUInt8(turned.readUInt8(at) ^ (1 << random(8)), at);
      const name = `${n}.${format}`;
      const rest = { name, refused: errors, acceptedTypes: '' };
      return [
        { what: `a ${format} cut at ${at}`, bytes: whole.subarray(0, at), ...rest },
        { what: `a ${format} turned at ${at}`, bytes: turned, ...rest },
      ];
    }).flat(),
  );
}
