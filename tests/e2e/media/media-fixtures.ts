import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../../tools/stack/processes/run-command.ts';
import { requireMediaTools } from '../../../tools/test-servers/fetch-ffmpeg.ts';

/** Media files for tests, created with ffmpeg in a temporary directory. */
export async function createMediaFixtures() {
  const tools = await requireMediaTools(() => {});
  const directory = await mkdtemp(join(tmpdir(), 'insightdesk-media-fixtures-'));
  const program = (name: string) => (tools ? join(tools, name) : name);
  const pathOf = (name: string) => join(directory, name);

  /** Runs ffmpeg with these arguments. Returns the bytes of the created file. */
  async function createFile(name: string, ...args: string[]) {
    await runCommand([program('ffmpeg'), '-v', 'error', '-nostdin', '-y', ...args, pathOf(name)]);
    return Bun.file(pathOf(name)).bytes();
  }

  return {
    tools,
    createFile,
    pathOf,
    /** Three seconds of colors and a tone, with rotation and location metadata like a video of a phone. */
    async phoneVideo() {
      await createFile(
        'landscape.mp4',
        ...colors,
        ...tone(3),
        ...['-c:v', 'libx264', '-pix_fmt', 'yuv420p'],
      );
      const metadata = [
        '-metadata:s:v:0',
        'rotate=270',
        '-metadata',
        'location=+48.8577+002.2950/',
      ];
      return createFile('phone.mp4', '-i', pathOf('landscape.mp4'), '-c', 'copy', ...metadata);
    },
    /** One second of silence, then a quiet tone. */
    audio: () =>
      createFile(
        'audio.mp3',
        ...tone(4),
        '-af',
        `volume=0.05:enable='gte(t,1)',volume=0:enable='lt(t,1)'`,
      ),
    async probe(bytes: Uint8Array) {
      await Bun.write(pathOf('probe-input'), bytes);
      const args = [
        '-v',
        'error',
        '-show_format',
        '-show_streams',
        '-of',
        'json',
        pathOf('probe-input'),
      ];
      return JSON.parse(await runCommand([program('ffprobe'), ...args]));
    },
    /** The frame at a time, as a PNG. */
    async frame(bytes: Uint8Array, second: number) {
      await Bun.write(pathOf('frame-input'), bytes);
      return createFile(
        'frame.png',
        '-ss',
        String(second),
        '-i',
        pathOf('frame-input'),
        '-frames:v',
        '1',
      );
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

// Red above blue after the rotation; red left of blue before.
const colors = [
  ...['-f', 'lavfi', '-i', 'color=red:size=320x480:rate=25:duration=3'],
  ...['-f', 'lavfi', '-i', 'color=blue:size=320x480:rate=25:duration=3'],
  ...['-filter_complex', '[0][1]hstack'],
];

const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`];
