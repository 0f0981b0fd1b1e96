import { DomainValidationError } from '@insightdesk/shared/errors';
import type { Media } from '@insightdesk/shared/media';

/** Throws 422 unless it is a picture as the pages of one's own want a logo. */
export async function requireLogo(media: Pick<Media, 'describeImage'>, bytes: Uint8Array) {
  const { width, height, pictures } = await media.describeImage(bytes);
  if (width !== height || width < 64 || pictures > 1) {
    throw new DomainValidationError('A logo is square, 64 pixels or more, and does not move');
  }
}
