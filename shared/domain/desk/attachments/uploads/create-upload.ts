import { defineAction, type MemberTenantContext, singleLine } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { matches } from '@insightdesk/shared/database';
import { reserveBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { newId } from '@insightdesk/shared/utils';
import { and, count, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { AttachmentErrors } from '../errors.ts';
import { uploads } from '../tables.ts';
import { maxFileBytesOf, readFilePolicy } from './file-policy.ts';

/** Uploads in progress per user. */
const MAX_OPEN_UPLOADS = 100;

/** The fields that a client declares before it sends the first byte. */
export const uploadFields = {
  name: singleLine(255).transform(stripFolders),
  sizeBytes: z.int().min(0).describe('The exact size of the file'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'Expected 64 hexadecimal digits in lower case')
    .optional()
    .describe('A file with another checksum is rejected'),
};

interface NewUpload {
  kind: 'resumable' | 'direct';
  name: string;
  sizeBytes: number;
  sha256?: string | undefined;
  metadata?: Record<string, string | null>;
  lockedBy?: string;
  expiresInSeconds: number;
}

/** Creates the row of an upload that takes several requests, and reserves its bytes. */
export async function createUpload(
  ctx: MemberTenantContext,
  { expiresInSeconds, ...upload }: NewUpload,
) {
  const { tx, tenantId, actor } = ctx;
  if (upload.sizeBytes === 0) throw AttachmentErrors.Empty();
  const maxBytes = maxFileBytesOf(await readFilePolicy(ctx), ctx);
  if (upload.sizeBytes > maxBytes) throw AttachmentErrors.TooLarge(maxBytes);
  const [open] = await tx
    .select({ count: count() })
    .from(uploads)
    .where(
      and(matches(uploads, { tenantId, uploadedBy: actor.userId }), isNull(uploads.completedAt)),
    );
  if ((open?.count ?? 0) >= MAX_OPEN_UPLOADS) throw AttachmentErrors.TooManyUploads();
  const id = newId('att');
  const expiresAt = new Date(Date.now() + expiresInSeconds * 1_000);
  await reserveBytes(ctx, { id, bytes: upload.sizeBytes, expiresAt });
  const uploadedBy = actor.userId;
  const [row] = await tx
    .insert(uploads)
    .values({ tenantId, id, uploadedBy, expiresAt, ...upload })
    .returning();
  if (!row) throw new Error('The upload was not inserted');
  return row;
}

/** Some clients send a path instead of a name. */
function stripFolders(name: string): string {
  return name.split(/[\\/]/).at(-1)?.trim() || 'file';
}

const EXPIRES_IN_SECONDS = 24 * 60 * 60;

/** Creates an upload that can be interrupted and continued for a day. */
export const createResumableUpload = defineAction({
  summary: 'Create a resumable upload',
  input: z.strictObject({
    ...uploadFields,
    metadata: z.record(z.string().max(100), z.string().max(1_000).nullable()),
    /** The first holder of its lock; see `lockUpload`. */
    holder: z.uuid(),
  }),
  output: z.object({ id: idSchema('att') }),
  allow: 'attachments:upload',
  transaction: 'write',
  async run(ctx, { holder, ...fields }) {
    const upload = { ...fields, kind: 'resumable' as const, lockedBy: holder };
    const { id } = await createUpload(ctx, { ...upload, expiresInSeconds: EXPIRES_IN_SECONDS });
    return { id };
  },
});
