import { EventEmitter } from 'node:events';
import type { Readable } from 'node:stream';
import type { Context } from '@insightdesk/shared/context';
import { type Id, isId } from '@insightdesk/shared/contract';
import {
  appendToUpload,
  createResumableUpload,
  deleteAttachment,
  getResumableUpload,
  lockUpload,
  type UploadLock,
} from '@insightdesk/shared/domain/desk/attachments';
import { DomainNotFoundError } from '@insightdesk/shared/errors';
import type { DataStore, Lock, Upload } from '@tus/server';

const UPLOAD_TTL_MS = 24 * 60 * 60 * 1_000;

type Metadata = Record<string, string | null>;

/** The tus data store and upload lock of one request. */
export function createStore(ctx: Context): { store: DataStore; newLock(id: string): Lock } {
  const holder = crypto.randomUUID();
  let writing: Promise<unknown> = Promise.resolve();

  async function create(upload: Upload): Promise<Upload> {
    const metadata = upload.metadata ?? {};
    const { id } = await createResumableUpload(ctx, {
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
    const upload = await getResumableUpload(ctx, { id: requireId(id) });
    const createdAt = upload.expiresAt ? Date.parse(upload.expiresAt) - UPLOAD_TTL_MS : Date.now();
    return toTusUpload(id, upload, new Date(createdAt).toISOString());
  }

  function write(body: Readable, id: string, offset: number): Promise<number> {
    const written = appendToUpload(ctx, { id: requireId(id), offset, holder, body });
    writing = written.catch(() => undefined);
    return written.then((upload) => upload.offset);
  }

  const store = Object.assign(new EventEmitter(), {
    extensions: ['creation', 'creation-with-upload', 'expiration', 'termination'],
    hasExtension: (name: string) => store.extensions.includes(name),
    getExpiration: () => UPLOAD_TTL_MS,
    create,
    getUpload,
    write,
    remove: (id: string) => deleteAttachment(ctx, { id: requireId(id) }),
  });
  return { store: store as unknown as DataStore, newLock: lockOf(ctx, holder, () => writing) };
}

/** Released once the received bytes are stored: the next holder reads the offset. */
const lockOf = (ctx: Context, holder: string, written: () => Promise<unknown>) => (id: string) => {
  let uploadLock: UploadLock | undefined;
  return {
    async lock(signal: AbortSignal, cancel: () => void) {
      // An upload that is being created has no id that another request could know.
      if (isId('att', id))
        uploadLock = await lockUpload(ctx, { id, holder, signal, onReleaseRequested: cancel });
    },
    async unlock() {
      await written();
      await uploadLock?.release();
    },
  };
};

function toTusUpload(
  id: string,
  { sizeBytes, offset, metadata }: { sizeBytes: number; offset: number; metadata: Metadata },
  creation_date: string,
): Upload {
  const sentMetadata = Object.keys(metadata).length > 0 ? metadata : undefined;
  const size = { size: sizeBytes, sizeIsDeferred: false };
  return { id, ...size, offset, metadata: sentMetadata, creation_date, storage: undefined };
}

function requireId(id: string): Id<'att'> {
  if (!isId('att', id)) throw new DomainNotFoundError();
  return id;
}
