import type { TenantContext } from '@insightdesk/shared/context';
import type { Claimed } from '../claim-notification.ts';
import { createReplyAddress } from '../reply-address.ts';
import { safeDisplayName, unquotedDisplayName } from '../safe-display-name.ts';
import type { Email } from '../send-once.ts';
import { builtInLanguage, renderTemplated } from '../templates/find-template.ts';
import { createUnsubscribeToken } from '../unsubscribe.ts';
import { phrases } from './phrases.ts';
import { readNotified } from './read-notified.ts';
import { toParagraphs } from './to-paragraphs.ts';

/** The email of a claimed notification; undefined when none of its messages exists any more. */
export async function notificationEmail(
  ctx: TenantContext,
  { recipient, address, notification }: Claimed,
): Promise<Email | undefined> {
  const conversations = await readNotified(ctx, recipient, notification.conversations);
  const [first] = conversations;
  if (!first) return undefined;
  const { settings } = ctx;
  const fixed = phrases[builtInLanguage(recipient.locale)];
  const kinds = [...new Set(notification.conversations.map(({ kind }) => kind))];
  const { userId } = recipient;
  const token = createUnsubscribeToken(ctx, { tenantId: ctx.tenantId, userId, kinds });
  const count = conversations.reduce((sum, one) => sum + one.messages.length + one.more, 0);
  const values = {
    'organization.name': unquotedDisplayName(recipient.organizationName),
    'product.name': settings.appName,
    'recipient.name': unquotedDisplayName(recipient.name),
    'messages.count': String(count),
  };
  const footerLink = {
    label: fixed.unsubscribe,
    url: `${settings.publicUrl}/unsubscribe?token=${token}`,
  };
  const headers = {
    'List-Unsubscribe': `<${settings.publicUrl}/v1/unsubscribe?token=${token}>`,
    'List-Unsubscribe-Post': 'List-Unsubscribe=One-Click',
  };
  const urlOf = (id: string) => `${settings.appUrl}/conversations/${id}`;
  if (notification.isDigest) {
    const block = toParagraphs(conversations, fixed, urlOf);
    const rendered = await renderTemplated(
      ctx,
      { name: 'digest', locale: recipient.locale },
      { values: { ...values, 'conversations.count': String(conversations.length) }, block },
    );
    const by = safeDisplayName(recipient.organizationName);
    return {
      to: address,
      ...rendered,
      footer: fixed.digestFooter(settings.appName, by),
      footerLink,
      headers,
    };
  }
  const { id, number, subject, customerName } = first;
  const rendered = await renderTemplated(
    ctx,
    { name: 'conversation-messages', locale: recipient.locale },
    {
      values: {
        ...values,
        'customer.name': unquotedDisplayName(customerName),
        'author.name': unquotedDisplayName(first.messages.at(-1)?.authorName ?? ''),
        'conversation.number': String(number),
        'conversation.subject': subject,
      },
      block: toParagraphs([first], fixed),
    },
  );
  const thread = `<${id}@${new URL(settings.publicUrl).hostname}>`;
  const replyTo = createReplyAddress(ctx, { tenantId: ctx.tenantId, conversationId: id, userId });
  return {
    to: address,
    ...rendered,
    action: { label: fixed.open, url: urlOf(id) },
    footer: fixed.footer(number),
    footerLink,
    headers: { ...headers, References: thread, 'In-Reply-To': thread },
    ...(replyTo && { replyTo }),
  };
}
