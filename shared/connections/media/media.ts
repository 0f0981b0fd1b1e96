import { limitConcurrency } from '@insightdesk/shared/promises';
import sharp from 'sharp';
import { detectContentType } from './content-type.ts';
import {
  createVariants,
  type ImageDetails,
  type ImageSource,
  inspectImage,
  type Variant,
} from './images.ts';

/** The slice of configuration that media takes. */
export interface MediaOptions {
  maxPixels: number;
  /** Images decoded at a time. */
  concurrency: number;
}

/** What files are, and what is made of images. */
export interface Media {
  detectContentType(head: Uint8Array): Promise<string | undefined>;
  /** Throws DomainValidationError IMAGE_TOO_LARGE or IMAGE_CORRUPT (422). */
  inspectImage(source: ImageSource): Promise<ImageDetails>;
  /** WebP at most 2048 px and a thumbnail at most 320 px a side; throws like `inspectImage`. */
  createVariants(source: ImageSource): Promise<Variant[]>;
}

/** Creates the media tools; the settings of the image library hold for the whole process. */
export function createMedia({ maxPixels, concurrency }: MediaOptions): Media {
  restrictLoaders();
  const turn = limitConcurrency(concurrency);
  return {
    detectContentType,
    inspectImage: (source) => turn(() => inspectImage(source, maxPixels)),
    createVariants: (source) => turn(() => createVariants(source, maxPixels)),
  };
}

// Above all no SVG: it may name files and carry scripts. No cache: no image is read twice.
function restrictLoaders() {
  const formats = ['Jpeg', 'Png', 'Webp', 'Nsgif', 'Heif'];
  sharp.block({ operation: ['VipsForeignLoad'] });
  sharp.unblock({ operation: formats.map((format) => `VipsForeignLoad${format}`) });
  sharp.cache(false);
}
