/** What a browser shows or plays without running anything; all else is for saving. */
const shownTypes = new Set([
  ...['image/png', 'image/jpeg', 'image/gif', 'image/webp', 'image/avif'],
  ...['audio/mpeg', 'audio/mp4', 'audio/x-m4a', 'audio/ogg', 'audio/wav', 'audio/webm'],
  ...['audio/flac', 'audio/aac', 'video/mp4', 'video/webm', 'video/ogg'],
]);

/** Whether a file of this type may open in a browser; its parameters do not matter. */
export const isInlineType = (contentType: string): boolean =>
  shownTypes.has(contentType.split(';', 1)[0]?.trim().toLowerCase() ?? '');
