import { can, type MemberContext } from '@insightdesk/shared/context';
import { mayFollowConversation } from '@insightdesk/shared/domain/desk/conversations';
import { defineChannels } from './subscriptions/channel-table.ts';

/**
 * Every channel there is and who may listen to it; nothing else can be subscribed to. Names have no
 * wildcards: `{cnv}` is exactly one id. The same name is another channel in each organisation.
 */
export const channels = defineChannels({
  'private-user-{usr}': {
    permission: 'account:read',
    allow: ({ actor }, { usr }) => can(actor, 'account:read', { kind: 'account', userId: usr }),
  },
  'private-organization-{org}': {
    permission: 'members:read',
    allow: (ctx, { org }) => mayReadNotes(ctx) && org === ctx.tenantId,
  },
  'private-conversation-{cnv}': {
    permission: 'conversations:read',
    allow: (ctx, { cnv }) => mayFollowConversation(ctx, cnv),
  },
  'private-conversation-{cnv}-staff': {
    permission: 'conversations:read',
    allow: (ctx, { cnv }) => mayReadNotes(ctx) && mayFollowConversation(ctx, cnv),
  },
  'presence-organization-{org}': {
    permission: 'members:read',
    allow: (ctx, { org }) => mayBeHere(ctx) && org === ctx.tenantId,
  },
  'presence-conversation-{cnv}': {
    permission: 'conversations:read',
    allow: (ctx, { cnv }) => mayBeHere(ctx) && mayFollowConversation(ctx, cnv),
  },
});

const mayReadNotes = ({ actor }: MemberContext) =>
  can(actor, 'conversations:read', { kind: 'notes' });

const mayBeHere = ({ actor }: MemberContext) =>
  can(actor, 'conversations:read', { kind: 'presence' });
