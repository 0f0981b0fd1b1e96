import { writeSync } from 'node:fs';
import { type FileHandle, mkdir, open, rename, rm } from 'node:fs/promises';
import { dirname } from 'node:path';
import type { LogTransport } from './create-logger.ts';
import { createLineBuffer } from './line-buffer.ts';
import type { OnLost } from './losses.ts';

export interface FileTransportOptions {
  /** For one process alone; older files are `<path>.1`, `<path>.2`, … */
  path: string;
  level: LogTransport['level'];
  /** Of one file. */
  maxBytes: number;
  /** How many older files stay; 0 keeps none. */
  keep: number;
  onLost: OnLost;
}

const NEWLINE = 10;
const TOO_LONG = new Error('A line is longer than a file may be');

/**
 * Writes lines to a file that is put aside when it is full: never more than `maxBytes * (keep + 1)`
 * in all. A slow or full disk costs lines, never time of the service.
 */
export function createFileTransport(options: FileTransportOptions): LogTransport {
  const { level, maxBytes, onLost } = options;
  const file = rotatingFile(options);
  const buffer = createLineBuffer({
    onLost,
    async take(lines) {
      const { texts, tooLong } = inPieces(lines, maxBytes);
      if (tooLong > 0) buffer.lose(tooLong, TOO_LONG);
      for (const text of texts) await file.append(text);
    },
  });
  const onExit = () => {
    for (const text of inPieces(buffer.takeAll(), maxBytes).texts) file.appendSync(text);
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

/** One that fails is opened anew by the next text. */
function rotatingFile({ path, maxBytes, keep }: FileTransportOptions) {
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
    if (size > 0) await endTornLine(handle);
    return handle;
  }

  // Who was killed while writing, or found the disk full, left half a line.
  async function endTornLine(torn: FileHandle): Promise<void> {
    const { buffer } = await torn.read(Buffer.alloc(1), 0, 1, size - 1);
    if (buffer[0] === NEWLINE) return;
    await torn.appendFile('\n');
    size++;
  }

  async function rotate(): Promise<FileHandle> {
    await close();
    const name = (age: number) => (age === 0 ? path : `${path}.${age}`);
    await rm(name(keep), { force: true });
    for (let age = keep - 1; age >= 0; age--) {
      await rename(name(age), name(age + 1)).catch(ignoreMissing);
    }
    return reopen();
  }

  return {
    async append(text: Uint8Array): Promise<void> {
      try {
        let now = handle ?? (await reopen());
        if (size > 0 && size + text.byteLength > maxBytes) now = await rotate();
        size += text.byteLength;
        await now.appendFile(text);
      } catch (error) {
        await close();
        throw error;
      }
    },
    /** On the way out, when nothing else can wait. */
    appendSync(text: Uint8Array): void {
      if (!handle || size + text.byteLength > maxBytes) return;
      size += text.byteLength;
      try {
        writeSync(handle.fd, text);
      } catch {}
    },
    close,
  };
}

function ignoreMissing(error: NodeJS.ErrnoException): void {
  if (error.code !== 'ENOENT') throw error;
}

/** Whole lines, together as many as fit into a file. */
function inPieces(lines: readonly string[], maxBytes: number) {
  const texts: Uint8Array[] = [];
  let piece: Uint8Array[] = [];
  let length = 0;
  let tooLong = 0;
  const finish = () => {
    if (length > 0) texts.push(Buffer.concat(piece, length));
    piece = [];
    length = 0;
  };
  for (const line of lines) {
    const bytes = Buffer.from(line);
    if (bytes.byteLength > maxBytes) {
      tooLong++;
      continue;
    }
    if (length + bytes.byteLength > maxBytes) finish();
    piece.push(bytes);
    length += bytes.byteLength;
  }
  finish();
  return { texts, tooLong };
}
