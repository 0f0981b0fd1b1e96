/** A rendition of an HLS stream; `uri` is its playlist, relative to the master playlist. */
export interface Rendition {
  uri: string;
  width: number;
  height: number;
  bitsPerSecond: number;
  hasAudio: boolean;
}

/** The HLS master playlist of several renditions, lowest first. */
export function masterPlaylist(renditions: readonly Rendition[]): string {
  const lines = renditions.flatMap(({ uri, width, height, bitsPerSecond, hasAudio }) => [
    `#EXT-X-STREAM-INF:BANDWIDTH=${bitsPerSecond},RESOLUTION=${width}x${height},CODECS="avc1.64002a${hasAudio ? ',mp4a.40.2' : ''}"`,
    uri,
  ]);
  return ['#EXTM3U', '#EXT-X-VERSION:7', '#EXT-X-INDEPENDENT-SEGMENTS', ...lines, ''].join('\n');
}
