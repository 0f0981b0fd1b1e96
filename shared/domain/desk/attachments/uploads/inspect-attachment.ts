import { type Context, withTenant } from '@insightdesk/shared/context';
import { AttachmentErrors } from '../errors.ts';
import { storageKey } from '../storage-key.ts';
import type { AttachmentRow } from '../view.ts';
import { assembleUpload } from './assemble-upload.ts';
import { checkContent } from './check-content.ts';
import { readFilePolicy, requireAllowedType } from './file-policy.ts';

/**
 * Looks into a file that waits in quarantine: whether it is whole, what it is, whether its
 * organisation takes that, and whether it harms. Throws a DomainError with the reason to reject it,
 * and something retryable when it cannot be told.
 */
export async function inspectAttachment(
  ctx: Context,
  row: AttachmentRow,
  signal?: AbortSignal,
): Promise<AttachmentRow> {
  if (!row.quarantined) return row;
  const whole = await assembleUpload(ctx, row, signal);
  const key = storageKey(whole.tenantId, whole.id);
  const contentType = await checkContent(ctx, key, whole);
  requireAllowedType(await withTenant(ctx, readFilePolicy), contentType);
  if (ctx.files.antivirus.isOn) {
    const verdict = await ctx.files.antivirus.scan(
      await ctx.files.storage.download(key),
      signal ? { signal } : {},
    );
    if (!verdict.clean) {
      ctx.log.warn({ attachment: row.id, found: verdict.found }, 'attachments: a file is harmful');
      throw AttachmentErrors.Infected();
    }
  }
  return { ...whole, contentType };
}
