// `bun tests/e2e/media/show.ts`: one page of all that is made of pictures, films and sounds, to
// be looked at; `.data/media/index.html`, and `page.png` where there is a Chromium.
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createMedia, type ImageTransform } from '@insightdesk/shared/media';
import { root } from '../../../tools/stack/paths.ts';
import { runCommand } from '../../../tools/stack/processes/run-command.ts';
import { findChromium } from '../chromium.ts';
import { openStudio } from './make.ts';

const { default: sharp } = await import(Bun.resolveSync('sharp', join(root, 'shared')));
const studio = await openStudio();
const media = createMedia({
  maxPixels: 50_000_000,
  concurrency: 1,
  toolsDirectory: studio.tools,
});
const maxBytes = 100_000_000;

interface Picture {
  flop(): Picture;
  flip(): Picture;
  rotate(degrees: number): Picture;
  png(): { toBuffer(): Promise<Buffer> };
}

const toUrl = (bytes: Uint8Array, type: string) =>
  `data:${type};base64,${Buffer.from(bytes).toString('base64')}`;
const figure = (source: string, words: string, style = '') =>
  `<figure><img src="${source}" style="${style}"><figcaption>${words}</figcaption></figure>`;
const section = (title: string, expected: string, figures: string[]) =>
  `<section><h2>${title}</h2><p>${expected}</p><div>${figures.join('\n')}</div></section>`;

/** Upright: red above, green to the right, blue below, yellow to the left, and an F. */
const upright = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="400" height="600">
  <rect width="400" height="600" fill="#eee"/>
  <rect width="400" height="60" fill="#d00"/><rect x="340" width="60" height="600" fill="#080"/>
  <rect y="540" width="400" height="60" fill="#00c"/><rect width="60" height="600" fill="#dc0"/>
  <path d="M130 150h160v50h-105v75h80v50h-80v125h-55z"/></svg>`);

/** How it is stored so that a viewer who heeds EXIF sees it upright; mirrored before it is turned. */
const stored: ((picture: Picture) => Picture)[] = [
  (picture) => picture,
  (picture) => picture.flop(),
  (picture) => picture.rotate(180),
  (picture) => picture.flip(),
  (picture) => picture.flop().rotate(270),
  (picture) => picture.rotate(270),
  (picture) => picture.flop().rotate(90),
  (picture) => picture.rotate(90),
];

async function orientations(): Promise<string> {
  const figures = stored.map(async (store, n) => {
    const turned = await store(sharp(upright)).png().toBuffer();
    const orientation = n + 1;
    const photo = await sharp(turned).withMetadata({ orientation }).jpeg().toBuffer();
    const { variants } = await media.createVariants(photo);
    const { bytes, width, height, contentType } = variants[1] as (typeof variants)[number];
    const words = `EXIF ${orientation}, ${width} x ${height}`;
    return [
      figure(toUrl(photo, 'image/jpeg'), 'sent', 'height: 100px'),
      figure(toUrl(bytes, contentType), words, 'height: 100px'),
    ];
  });
  return section(
    'Orientations',
    'All the same, as a browser turns what was sent and as we do: an F, red above, green right, blue below, yellow left.',
    (await Promise.all(figures)).flat(),
  );
}

/** Hues beside each other above greys, with a circle that shows when sides are stretched. */
const bars = Buffer.from(`<svg xmlns="http://www.w3.org/2000/svg" width="800" height="600">
  ${Array.from({ length: 8 }, (_, n) => `<rect x="${n * 100}" width="100" height="300" fill="hsl(${n * 45} 90% 50%)"/><rect x="${n * 100}" y="300" width="100" height="300" fill="hsl(0 0% ${n * 14}%)"/>`).join('')}
  <circle cx="400" cy="300" r="200" fill="none" stroke="#fff" stroke-width="20"/></svg>`);

async function transforms(): Promise<string> {
  const source = await sharp(bars).png().toBuffer();
  const side = { width: 140, height: 140, format: 'webp' } as const;
  const wanted: ImageTransform[] = [
    ...(['cover', 'contain', 'inside', 'outside', 'fill'] as const).map((fit) => ({
      ...side,
      fit,
    })),
    { ...side, fit: 'inside', crop: { left: 0, top: 0, width: 200, height: 600 } },
    { ...side, fit: 'cover', crop: { left: 400, top: 300, width: 400, height: 300 } },
    ...(['jpeg', 'png', 'webp', 'avif'] as const).map((format) => ({
      width: 140,
      fit: 'inside' as const,
      format,
    })),
  ];
  const made = await media.transformImages(source, wanted);
  const figures = made.map(({ bytes, contentType, width, height }, n) => {
    const { fit, format, crop } = wanted[n] as ImageTransform;
    const words = `${crop ? `crop ${Object.values(crop)}, ` : ''}${fit}, ${format}, ${width} x ${height}`;
    return figure(toUrl(bytes, contentType), words);
  });
  const title = 'Crops, fits and formats';
  return section(title, 'The circle is round but for “fill”; colours are the same in all.', [
    figure(toUrl(source, 'image/png'), 'what was sent', 'height: 140px'),
    ...figures,
  ]);
}

async function colours(): Promise<string> {
  const open = () => sharp(bars).resize(400).flatten();
  const sources: Record<string, Buffer> = {
    sRGB: await open().jpeg({ quality: 95 }).toBuffer(),
    'Display P3': await open().withIccProfile('p3').jpeg({ quality: 95 }).toBuffer(),
    CMYK: await open().toColourspace('cmyk').withIccProfile('cmyk').jpeg().toBuffer(),
    '16 bits': await open().toColourspace('rgb16').png().toBuffer(),
    grey: await open().greyscale().jpeg().toBuffer(),
    transparent: await sharp(bars).resize(400).flatten().ensureAlpha(0.5).png().toBuffer(),
  };
  const figures = Object.entries(sources).map(async ([name, photo]) => {
    const { variants, placeholder } = await media.createVariants(photo);
    const { bytes, contentType } = variants[1] as (typeof variants)[number];
    return [
      figure(
        placeholder,
        `${name}, placeholder of ${placeholder.length}`,
        'height: 120px; width: 160px',
      ),
      figure(toUrl(bytes, contentType), name, 'height: 120px'),
    ];
  });
  const expected =
    'Each placeholder has the colours of its picture, and all but grey the same hues; CMYK has duller ones.';
  return section('Colours and placeholders', expected, (await Promise.all(figures)).flat());
}

async function films(): Promise<string> {
  const dark = '-f lavfi -i color=black:size=640x360:rate=25:duration=1 -f lavfi -i';
  const made = {
    'a phone’s, upright: red above blue': await studio.phoneFilm(),
    'bars that begin in the dark': await studio.make(
      'bars.mp4',
      ...`${dark} smptehdbars=size=640x360:rate=25:duration=12 -filter_complex [0][1]concat -pix_fmt yuv420p`.split(
        ' ',
      ),
    ),
    'a clock of 1080p': await studio.make(
      'clock.mp4',
      ...'-f lavfi -i testsrc=size=1920x1080:rate=25:duration=3 -pix_fmt yuv420p'.split(' '),
    ),
  };
  const figures: string[] = [];
  for (const [name, film] of Object.entries(made)) {
    const recording = await media.openRecording(film, { maxBytes });
    try {
      const { width, height } = recording.films.sidesOf('360p');
      const poster = await recording.films.poster();
      figures.push(figure(toUrl(poster, 'image/png'), `${name}: poster`, 'height: 180px'));
      const small = await recording.films.film('360p');
      const frame = await studio.frame(await new Response(small.stream()).bytes(), 1);
      const words = `at 1 s of 360p, ${width} x ${height}`;
      figures.push(figure(toUrl(frame, 'image/png'), words, 'height: 180px'));
    } finally {
      await recording.close();
    }
  }
  return section(
    'Films',
    'Upright, the colours of poster and film the same, no black poster.',
    figures,
  );
}

const waveform = (peaks: readonly number[]) => {
  const lines = peaks.map((peak, n) => `<path d="M${n} ${50 - peak * 50}V${50.5 + peak * 50}"/>`);
  return `<svg viewBox="0 0 400 101" width="400" height="101" stroke="#246">${lines.join('')}</svg>`;
};

async function sounds(): Promise<string> {
  const words = (text: string) => text.split(' ');
  const made = {
    'silent for a second, then quiet for three': await studio.sound(),
    'louder and louder for four seconds': await studio.make(
      'fade.ogg',
      ...words('-f lavfi -i sine=frequency=300:duration=4 -af volume=6,afade=t=in:d=4'),
    ),
    'eight beats a second apart': await studio.make(
      'beats.wav',
      ...words(`-f lavfi -i aevalsrc=sin(880*2*PI*t)*exp(-6*mod(t\\,1)):d=8`),
    ),
    'of a film': await studio.phoneFilm(),
  };
  const figures: string[] = [];
  for (const [name, sound] of Object.entries(made)) {
    const recording = await media.openRecording(sound, { maxBytes });
    try {
      const { integrated } = await recording.sounds.loudness();
      const drawn = waveform(await recording.sounds.peaks());
      const caption = `${name}; ${integrated.toFixed(1)} LUFS`;
      figures.push(`<figure>${drawn}<figcaption>${caption}</figcaption></figure>`);
    } finally {
      await recording.close();
    }
  }
  return section('Waveforms', 'As each is called.', figures);
}

const style = `body { font: 13px sans-serif; margin: 16px; width: 1400px }
  h2 { margin: 8px 0 0 } p { margin: 4px 0 }
  section div { display: flex; flex-wrap: wrap; gap: 8px }
  figure { margin: 0; background: #cde; padding: 4px; max-width: 420px } figcaption { max-width: 200px }
  section:first-of-type figcaption { max-width: 66px }`;

try {
  const parts = [
    await orientations(),
    await transforms(),
    await colours(),
    await films(),
    await sounds(),
  ];
  const directory = join(root, '.data/media');
  mkdirSync(directory, { recursive: true });
  const page = join(directory, 'index.html');
  const html = `<!doctype html><meta charset="utf-8"><title>Media</title><style>${style}</style>`;
  writeFileSync(page, `${html}${parts.join('\n')}`);
  console.log(page);
  const chromium = findChromium();
  if (chromium) {
    const picture = join(directory, 'page.png');
    const flags = ['--headless', '--no-sandbox', '--hide-scrollbars', '--window-size=1440,2000'];
    await runCommand([chromium, ...flags, `--screenshot=${picture}`, `file://${page}`]);
    console.log(picture);
  }
} finally {
  await studio.close();
}
