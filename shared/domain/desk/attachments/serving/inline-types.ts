/** Types that a browser shows or plays without running scripts; all others are downloads. */
const inlineTypes = new Set([
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'],
  ...['audio/mpeg', 'audio/mp4', 'audio/x-m4a', 'audio/ogg', 'audio/wav', 'audio/webm'],
  ...['audio/flac', 'audio/aac', 'video/mp4', 'video/webm', 'video/ogg'],
]);

/** Whether a browser may show a file of this type; parameters of the type are ignored. */
export const isInlineType = (contentType: string): boolean =>
  inlineTypes.has(contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '');
