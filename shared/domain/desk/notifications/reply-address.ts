import { type Context, readTenant } from '@insightdesk/shared/context';
import { fromUuid, type Id, toUuid } from '@insightdesk/shared/contract';
import { matches, statement, type Tx } from '@insightdesk/shared/database';
import { conversations } from '@insightdesk/shared/domain/desk/conversations';
import { listStaffIds } from '@insightdesk/shared/domain/identity/users';

const PREFIX = 'reply+';
const PURPOSE = 'reply-address';
const ID_BYTES = 16;
/** A local part has at most 64 characters: 43 for two ids, 15 (90 bits) for the signature. */
const MAC_LENGTH = 15;
const IDS_LENGTH = 43;

interface ReplyAddress {
  tenantId: Id<'org'>;
  conversationId: Id<'cnv'>;
  userId: Id<'usr'>;
}

/** The address for replies of this user to the conversation; undefined without MAIL_REPLY_DOMAIN. */
export function createReplyAddress(ctx: Context, address: ReplyAddress): string | undefined {
  const { replyDomain } = ctx.settings;
  if (!replyDomain) return undefined;
  const { tenantId, conversationId } = address;
  const ids = Buffer.from((toUuid(tenantId) + toUuid(conversationId)).replaceAll('-', ''), 'hex');
  const [mac = ''] = macsOf(ctx, address);
  return `${PREFIX}${ids.toString('base64url')}${mac}@${replyDomain}`;
}

/** Who may reply to what by this address: a signed one of somebody who still takes part; else undefined. */
export async function verifyReplyAddress(
  ctx: Context,
  address: string,
): Promise<ReplyAddress | undefined> {
  const ids = decodeIds(ctx, address);
  if (!ids) return undefined;
  const { tenantId, conversationId, mac } = ids;
  const inTenant = { ...ctx, tenantId };
  const [customerId, staff] = await Promise.all([
    readTenant(inTenant, ({ tx }) => findCustomerId(tx, { tenantId, id: conversationId })),
    listStaffIds(inTenant, tenantId),
  ]);
  if (!customerId) return undefined;
  const userId = [customerId, ...staff].find((candidate) =>
    macsOf(ctx, { tenantId, conversationId, userId: candidate }).includes(mac),
  );
  return userId && { tenantId, conversationId, userId };
}

function decodeIds({ settings }: Context, address: string) {
  const [local = '', domain, ...rest] = address.split('@');
  const isOurs = rest.length === 0 && domain?.toLowerCase() === settings.replyDomain;
  const token = local.slice(PREFIX.length);
  if (!isOurs || !local.startsWith(PREFIX) || token.length !== IDS_LENGTH + MAC_LENGTH) return;
  const hex = Buffer.from(token.slice(0, IDS_LENGTH), 'base64url').toString('hex');
  if (hex.length !== 4 * ID_BYTES) return undefined;
  return {
    tenantId: fromUuid('org', hex.slice(0, 2 * ID_BYTES)),
    conversationId: fromUuid('cnv', hex.slice(2 * ID_BYTES)),
    mac: token.slice(IDS_LENGTH),
  };
}

const selectCustomer = statement(
  { tenantId: conversations.tenantId, id: conversations.id },
  (key, q) =>
    q
      .select({ customerId: conversations.customerId })
      .from(conversations)
      .where(matches(conversations, key)),
);

async function findCustomerId(tx: Tx, key: { tenantId: Id<'org'>; id: Id<'cnv'> }) {
  const [row] = await selectCustomer(tx, key);
  return row?.customerId;
}

const macsOf = (ctx: Context, { tenantId, conversationId, userId }: ReplyAddress): string[] =>
  ctx.security.tokenCodec
    .signatures(PURPOSE, [tenantId, conversationId, userId])
    .map((mac) => mac.slice(0, MAC_LENGTH));
