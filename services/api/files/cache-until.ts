/** A browser may keep a file as long as its address is good. */
export function untilThen(expiresAt: Date) {
  const seconds = Math.max(0, Math.floor((expiresAt.getTime() - Date.now()) / 1000));
  return { cacheControl: `private, max-age=${seconds}, no-transform` };
}
