import { join } from 'node:path';
import { makeDirectory, writeFileAtomically } from '@insightdesk/shared/files';
import {
  createByteMeter,
  pipeline,
  type Step,
  throttleBytes,
  trackProgress,
} from '@insightdesk/shared/streams';

const MEGABYTE = 1_000_000;

interface ExportOptions {
  /** Megabytes per second at most, to spare a database that is at work. */
  rate?: number | undefined;
  onProgress(line: string): void;
}

/** Writes an archive atomically. Returns a text with its path, size, speed and SHA-256. */
export async function writeExport(
  archive: AsyncIterable<Uint8Array>,
  { folder, name }: { folder: string; name: string },
  options: ExportOptions,
): Promise<string> {
  await makeDirectory(folder);
  const file = join(folder, name);
  const summary = await send(archive, (chunks) => writeFileAtomically(file, chunks), options);
  return `exported to ${file}${summary}`;
}

/** Writes an archive to standard output, for a container without a shared folder. Returns the same text. */
export async function printExport(
  archive: AsyncIterable<Uint8Array>,
  options: ExportOptions,
): Promise<string> {
  const output = Bun.stdout.writer();
  const summary = await send(
    archive,
    async (chunks) => {
      for await (const chunk of chunks) {
        void output.write(chunk);
        await output.flush();
      }
      await output.end();
    },
    options,
  );
  return `exported to standard output${summary}`;
}

async function send(
  archive: AsyncIterable<Uint8Array>,
  write: (chunks: AsyncIterable<Uint8Array>) => Promise<unknown>,
  { rate, onProgress }: ExportOptions,
): Promise<string> {
  const meter = createByteMeter();
  const slow: Step[] = rate ? [(chunks) => throttleBytes(chunks, rate * MEGABYTE)] : [];
  const report = ({ bytes }: { bytes: number }) => onProgress(`${megabytes(bytes)} MB`);
  const { statistics } = await pipeline(
    archive,
    [
      ...slow,
      meter.through,
      (chunks) => trackProgress(chunks, { intervalBytes: 16 * MEGABYTE, onProgress: report }),
    ],
    write,
  );
  const { sizeBytes, sha256 } = meter.result();
  const speed = megabytes(statistics.bytesPerSecond);
  return `\n  ${sizeBytes} bytes, ${speed} MB/s\n  sha256 ${sha256}`;
}

const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
