import { line, type MemberTenantContext } from '@insightdesk/shared/context';
import { reserveBytes } from '@insightdesk/shared/domain/tenancy/tenants';
import { newId } from '@insightdesk/shared/utils';
import { and, count, eq, isNull } from 'drizzle-orm';
import { z } from 'zod';
import { AttachmentErrors } from '../errors.ts';
import { uploads } from '../tables.ts';
import { maxFileBytesOf, readFilePolicy } from './file-policy.ts';

/** Under way at a time, of one person. */
const MOST_OPEN = 100;

/** What has to be known before the first byte. */
export const uploadFields = {
  name: line(255).transform(bareName),
  sizeBytes: z.int().min(0).describe('Exactly so many bytes have to come'),
  sha256: z
    .string()
    .regex(/^[0-9a-f]{64}$/, 'Expected 64 hexadecimal digits in lower case')
    .optional()
    .describe('Other bytes are rejected'),
};

interface Begun {
  kind: 'resumable' | 'direct';
  name: string;
  sizeBytes: number;
  sha256?: string | undefined;
  metadata?: Record<string, string | null>;
  lockedBy?: string;
  forSeconds: number;
}

/** Makes room for an upload that comes in more than one request: its row, and its bytes set aside. */
export async function createUpload(ctx: MemberTenantContext, { forSeconds, ...begun }: Begun) {
  const { tx, tenantId, actor } = ctx;
  if (begun.sizeBytes === 0) throw AttachmentErrors.Empty();
  const maxBytes = maxFileBytesOf(await readFilePolicy(ctx), ctx);
  if (begun.sizeBytes > maxBytes) throw AttachmentErrors.TooLarge(maxBytes);
  const [open] = await tx
    .select({ count: count() })
    .from(uploads)
    .where(
      and(
        eq(uploads.tenantId, tenantId),
        eq(uploads.uploadedBy, actor.userId),
        isNull(uploads.completedAt),
      ),
    );
  if ((open?.count ?? 0) >= MOST_OPEN) throw AttachmentErrors.TooManyUploads();
  const id = newId('att');
  const expiresAt = new Date(Date.now() + forSeconds * 1_000);
  await reserveBytes(ctx, { id, bytes: begun.sizeBytes, expiresAt });
  const uploadedBy = actor.userId;
  const [row] = await tx
    .insert(uploads)
    .values({ tenantId, id, uploadedBy, expiresAt, ...begun })
    .returning();
  if (!row) throw new Error('The upload was not inserted');
  return row;
}

/** Without the folders that some senders put before it. */
function bareName(name: string): string {
  const bare = name.split(/[\\/]/).at(-1)?.trim();
  return bare ? bare : 'file';
}
