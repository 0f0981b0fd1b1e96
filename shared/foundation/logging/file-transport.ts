import { writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LogTransport } from './create-logger.ts';
import { createLineBuffer } from './line-buffer.ts';
import type { OnLost } from './loss-counter.ts';

export interface FileTransportOptions {
  /** Of one process; archives are `<path>.1`, `<path>.2`, … */
  path: string;
  level: LogTransport['level'];
  /** Maximum size of one file. */
  maxBytes: number;
  /** Number of archives; 0 retains none. */
  maxArchives: number;
  onLost: OnLost;
}

const NEWLINE = 10;
const LINE_TOO_LONG = new Error('The line is longer than the maximum file size');

/**
 * Writes lines to a file that is rotated when it is full, at most `maxBytes * (maxArchives + 1)`
 * bytes in total. A slow or full disk loses lines and never delays the service.
 */
export function createFileTransport(options: FileTransportOptions): LogTransport {
  const { level, maxBytes, onLost } = options;
  const file = createRotatingFile(options);
  const buffer = createLineBuffer({
    onLost,
    async write(lines) {
      const { chunks, tooLong } = toChunks(lines, maxBytes);
      if (tooLong > 0) buffer.addLost(tooLong, LINE_TOO_LONG);
      for (const chunk of chunks) await file.append(chunk);
    },
  });
  const onExit = () => {
    for (const chunk of toChunks(buffer.takeAll(), maxBytes).chunks) file.appendSync(chunk);
  };
  process.on('exit', onExit);
  return {
    level,
    write: buffer.add,
    async close(deadlineMs) {
      await buffer.close(deadlineMs);
      process.off('exit', onExit);
      await file.close();
    },
  };
}

/** After an error the next append opens the file again. */
function createRotatingFile({ path, maxBytes, maxArchives }: FileTransportOptions) {
  let handle: FileHandle | undefined;
  let size = 0;

  async function close(): Promise<void> {
    const old = handle;
    handle = undefined;
    await old?.close().catch(() => {});
  }

  async function reopen(): Promise<FileHandle> {
    await mkdir(dirname(path), { recursive: true, mode: 0o750 });
    handle = await open(path, 'a+', 0o640);
    size = (await handle.stat()).size;
    if (size > 0) await endIncompleteLine(handle);
    return handle;
  }

  // A kill during a write or a full disk left an incomplete line.
  async function endIncompleteLine(file: FileHandle): Promise<void> {
    const { buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
    if (buffer[0] === NEWLINE) return;
    await file.appendFile('\n');
    size++;
  }

  async function rotate(): Promise<FileHandle> {
    await close();
    const name = (age: number) => (age === 0 ? path : `${path}.${age}`);
    await rm(name(maxArchives), { force: true });
    for (let age = maxArchives - 1; age >= 0; age--) {
      await rename(name(age), name(age + 1)).catch(ignoreMissing);
    }
    return reopen();
  }

  return {
    async append(chunk: Uint8Array): Promise<void> {
      try {
        let current = handle ?? (await reopen());
        if (size > 0 && size + chunk.byteLength > maxBytes) current = await rotate();
        size += chunk.byteLength;
        await current.appendFile(chunk);
      } catch (error) {
        await close();
        throw error;
      }
    },
    /** For the exit of the process, where nothing can wait. */
    appendSync(chunk: Uint8Array): void {
      if (!handle || size + chunk.byteLength > maxBytes) return;
      size += chunk.byteLength;
      try {
        writeSync(handle.fd, chunk);
      } catch {}
    },
    close,
  };
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Chunks of whole lines, each at most as large as a file. */
function toChunks(lines: readonly string[], maxBytes: number) {
  const chunks: Uint8Array[] = [];
  let chunk: Uint8Array[] = [];
  let length = 0;
  let tooLong = 0;
  const finish = () => {
    if (length > 0) chunks.push(Buffer.concat(chunk, length));
    chunk = [];
    length = 0;
  };
  for (const line of lines) {
    const bytes = Buffer.from(line);
    if (bytes.byteLength > maxBytes) {
      tooLong++;
      continue;
    }
    if (length + bytes.byteLength > maxBytes) finish();
    chunk.push(bytes);
    length += bytes.byteLength;
  }
  finish();
  return { chunks, tooLong };
}
