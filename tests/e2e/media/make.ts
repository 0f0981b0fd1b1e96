import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { runCommand } from '../../../tools/stack/processes/run-command.ts';
import { requireMediaTools } from '../../../tools/test-servers/fetch-ffmpeg.ts';

/** ffmpeg of this machine, fetched if need be, and a directory to work in. */
export async function openStudio() {
  const tools = await requireMediaTools(() => {});
  const directory = await mkdtemp(join(tmpdir(), 'insightdesk-studio-'));
  const program = (name: string) => (tools ? join(tools, name) : name);
  const at = (name: string) => join(directory, name);

  /** A file that ffmpeg makes with these words. */
  async function make(name: string, ...words: string[]) {
    await runCommand([program('ffmpeg'), '-v', 'error', '-nostdin', '-y', ...words, at(name)]);
    return Bun.file(at(name)).bytes();
  }

  return {
    tools,
    make,
    at,
    /** Three seconds of colours and a tone, as a phone held upright stores them, place included. */
    async phoneVideo() {
      await make(
        'lying.mp4',
        ...colours,
        ...tone(3),
        ...['-c:v', 'libx264', '-pix_fmt', 'yuv420p'],
      );
      const turned = ['-metadata:s:v:0', 'rotate=270', '-metadata', 'location=+48.8577+002.2950/'];
      return make('phone.mp4', '-i', at('lying.mp4'), '-c', 'copy', ...turned);
    },
    /** Silence for a second, then a tone, quietly. */
    audio: () =>
      make(
        'sound.mp3',
        ...tone(4),
        '-af',
        `volume=0.05:enable='gte(t,1)',volume=0:enable='lt(t,1)'`,
      ),
    async probe(bytes: Uint8Array) {
      await Bun.write(at('probed'), bytes);
      const words = ['-v', 'error', '-show_format', '-show_streams', '-of', 'json', at('probed')];
      return JSON.parse(await runCommand([program('ffprobe'), ...words]));
    },
    /** The picture at a second, as a PNG. */
    async frame(bytes: Uint8Array, second: number) {
      await Bun.write(at('framed'), bytes);
      return make('frame.png', '-ss', String(second), '-i', at('framed'), '-frames:v', '1');
    },
    close: () => rm(directory, { recursive: true, force: true }),
  };
}

// Red above blue; lying it is red left of blue.
const colours = [
  ...['-f', 'lavfi', '-i', 'color=red:size=320x480:rate=25:duration=3'],
  ...['-f', 'lavfi', '-i', 'color=blue:size=320x480:rate=25:duration=3'],
  ...['-filter_complex', '[0][1]hstack'],
];

const tone = (seconds: number) => ['-f', 'lavfi', '-i', `sine=frequency=440:duration=${seconds}`];
