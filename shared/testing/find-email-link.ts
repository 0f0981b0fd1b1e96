import type { Context } from '@insightdesk/shared/context';
import { fromUuid } from '@insightdesk/shared/contract';
import { showLinksOf } from '@insightdesk/shared/domain/identity/users';
import { sql } from 'drizzle-orm';

export type EmailLinkPurpose = 'verify' | 'change' | 'reset';

/** The newest link emailed to an address, with the token of its URL. */
export async function findEmailLink(context: Context, purpose: EmailLinkPurpose, email: string) {
  const [, [row]] = await context.database.read({}, (tx) =>
    Promise.all([
      showLinksOf(tx, { email }),
      tx
        .execute<{ id: string }>(
          sql`select id from email_links where email = ${email} and purpose = ${purpose}
            order by id desc limit 1`,
        )
        .execute(),
    ]),
  );
  if (!row) throw new Error(`No ${purpose} link for ${email}`);
  const id = fromUuid('lnk', row.id);
  return { id, token: context.security.tokenCodec.encode('account-link', [purpose, id]) };
}
