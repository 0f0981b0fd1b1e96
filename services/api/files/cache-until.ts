/** Browsers may cache a file until its signed URL expires. */
export function cacheUntil(expiresAt: Date) {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000));
  return { cacheControl: `private, max-age=${seconds}, no-transform` };
}
