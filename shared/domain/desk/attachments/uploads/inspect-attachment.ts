import { type Context, withTenant } from '@insightdesk/shared/context';
import { AttachmentErrors } from '../errors.ts';
import { storageKey } from '../storage-key.ts';
import type { AttachmentRow } from '../view.ts';
import { assembleUpload } from './assemble-upload.ts';
import { checkContent } from './check-content.ts';
import { readFilePolicy, requireAllowedType } from './file-policy.ts';

/**
 * Inspects a file in quarantine: completeness, content type, file policy, malware. Throws a
 * DomainError with the reason to reject it, and a retryable error when the check is not possible.
 */
export async function inspectAttachment(
  ctx: Context,
  row: AttachmentRow,
  signal?: AbortSignal,
): Promise<AttachmentRow> {
  if (!row.quarantined) return row;
  const assembled = await assembleUpload(ctx, row, signal);
  const key = storageKey(assembled.tenantId, assembled.id);
  const contentType = await checkContent(ctx, key, assembled);
  requireAllowedType(await withTenant(ctx, readFilePolicy), contentType);
  if (ctx.files.antivirus.isEnabled) {
    const verdict = await ctx.files.antivirus.scan(
      await ctx.files.storage.download(key),
      signal ? { signal } : {},
    );
    if (!verdict.clean) {
      const { found } = verdict;
      ctx.log.warn({ attachment: row.id, found }, 'attachments: file contains malware');
      throw AttachmentErrors.Infected();
    }
  }
  return { ...assembled, contentType };
}
