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
  { rate, onProgress }: ExportOptions,
): Promise<string> {
  await makeDirectory(folder);
  const file = join(folder, name);
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
    (chunks) => writeFileAtomically(file, chunks),
  );
  const { sizeBytes, sha256 } = meter.result();
  const speed = megabytes(statistics.bytesPerSecond);
  return `exported to ${file}\n  ${sizeBytes} bytes, ${speed} MB/s\n  sha256 ${sha256}`;
}

const megabytes = (bytes: number) => (bytes / MEGABYTE).toFixed(1);
