import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { Context } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import {
  appendToUpload,
  discardAttachment,
  findResumableUpload,
  lockUpload,
  startResumableUpload,
  type UploadLock,
} from '@insightdesk/shared/domain/desk/attachments';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import type { DataStore, Lock, Upload } from '@tus/server';

const OPEN_MS = 24 * 60 * 60 * 1_000;

type Metadata = Record<string, string | null>;

/** What one request does to uploads, in the words of tus; also the lock that it holds. */
export function createStore(ctx: Context): { store: DataStore; newLock(id: string): Lock } {
  const holder = crypto.randomUUID();
  let writing: Promise<unknown> = Promise.resolve();

  async function create(upload: Upload): Promise<Upload> {
    const metadata = upload.metadata ?? {};
    const { id } = await startResumableUpload(ctx, {
      name: metadata.filename || metadata.name || 'file',
      sizeBytes: upload.size ?? 0,
      ...(metadata.sha256 && { sha256: metadata.sha256 }),
      metadata,
      holder,
    });
    upload.id = id;
    return upload;
  }

  async function getUpload(id: string): Promise<Upload> {
    const found = await findResumableUpload(ctx, { id: requireId(id) });
    const begunAt = found.expiresAt ? Date.parse(found.expiresAt) - OPEN_MS : Date.now();
    return describe(id, found, new Date(begunAt).toISOString());
  }

  function write(body: Readable, id: string, offset: number): Promise<number> {
    const written = appendToUpload(ctx, { id: requireId(id), offset, holder, body });
    writing = written.catch(() => undefined);
    return written.then((upload) => upload.offset);
  }

  const store = Object.assign(new EventEmitter(), {
    extensions: ['creation', 'creation-with-upload', 'expiration', 'termination'],
    hasExtension: (name: string) => store.extensions.includes(name),
    getExpiration: () => OPEN_MS,
    create,
    getUpload,
    write,
    remove: (id: string) => discardAttachment(ctx, { id: requireId(id) }),
  });
  return { store: store as unknown as DataStore, newLock: lockOf(ctx, holder, () => writing) };
}

/** Let go of when what had come is kept: whoever is next has to know of it. */
const lockOf = (ctx: Context, holder: string, written: () => Promise<unknown>) => (id: string) => {
  let held: UploadLock | undefined;
  return {
    async lock(signal: AbortSignal, cancel: () => void) {
      // What is only being created has a name that nobody else knows.
      if (isId('att', id)) held = await lockUpload(ctx, { id, holder, signal, onWanted: cancel });
    },
    async unlock() {
      await written();
      await held?.release();
    },
  };
};

function describe(
  id: string,
  { sizeBytes, offset, metadata }: { sizeBytes: number; offset: number; metadata: Metadata },
  creation_date: string,
): Upload {
  const told = Object.keys(metadata).length > 0 ? metadata : undefined;
  const size = { size: sizeBytes, sizeIsDeferred: false };
  return { id, ...size, offset, metadata: told, creation_date, storage: undefined };
}

function requireId(id: string): Id<'att'> {
  if (!isId('att', id)) throw new DomainNotFoundError('There is no such upload');
  return id;
}
