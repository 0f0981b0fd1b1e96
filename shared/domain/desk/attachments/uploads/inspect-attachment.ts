import { type Context, withTenant } from '@insightdesk/shared/context';
import { assemble } from './assemble-upload.ts';
import { checkContent } from './check-content.ts';
import { AttachmentErrors } from '../errors.ts';
import { readFilePolicy, requireType } from './file-policy.ts';
import { storageKey } from '../storage-key.ts';
import type { AttachmentRow } from '../view.ts';

/**
 * Looks into a file that waits in quarantine: whether it is whole, what it is, whether its
 * organisation takes that, and whether it harms. Throws a DomainError with the reason to reject it,
 * and something retryable when it cannot be told.
 */
export async function admit(
  ctx: Context,
  row: AttachmentRow,
  signal?: AbortSignal,
): Promise<AttachmentRow> {
  if (!row.quarantined) return row;
  const whole = await assemble(ctx, row, signal);
  const key = storageKey(whole.tenantId, whole.id);
  const contentType = await checkContent(ctx, key, whole);
  requireType(await withTenant(ctx, readFilePolicy), contentType);
  if (ctx.antivirus.isOn) {
    const verdict = await ctx.antivirus.scan(
      await ctx.storage.download(key),
      signal ? { signal } : {},
    );
    if (!verdict.clean) {
      ctx.log.warn({ attachment: row.id, found: verdict.found }, 'attachments: a file is harmful');
      throw AttachmentErrors.Infected();
    }
  }
  return { ...whole, contentType };
}
