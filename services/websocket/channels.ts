import { can, type MemberContext } from '@insightdesk/shared/context';
import { canReadConversation } from '@insightdesk/shared/domain/desk/conversations';
import { defineChannels } from './subscriptions/define-channels.ts';

/**
 * Every channel and who may subscribe to it. Names have no wildcards: `{cnv}` is exactly one id. The
 * same name is another channel in each organization.
 */
export const channels = defineChannels({
  'private-user-{usr}': {
    permission: 'account:read',
    allow: ({ actor }, { usr }) => can(actor, 'account:read', { kind: 'account', userId: usr }),
  },
  'private-organization-{org}': {
    permission: 'members:read',
    allow: (ctx, { org }) => canReadNotes(ctx) && org === ctx.tenantId,
  },
  'public-organization-{org}': {
    permission: 'channels:subscribe',
    allow: (ctx, { org }) => org === ctx.tenantId,
  },
  'private-conversation-{cnv}': {
    permission: 'conversations:read',
    allow: (ctx, { cnv }) => canReadConversation(ctx, cnv),
  },
  'private-conversation-{cnv}-staff': {
    permission: 'conversations:read',
    allow: (ctx, { cnv }) => canReadNotes(ctx) && canReadConversation(ctx, cnv),
  },
  'presence-organization-{org}': {
    permission: 'members:read',
    allow: (ctx, { org }) => canBePresent(ctx) && org === ctx.tenantId,
  },
  'presence-conversation-{cnv}': {
    permission: 'conversations:read',
    allow: (ctx, { cnv }) => canBePresent(ctx) && canReadConversation(ctx, cnv),
  },
});

const canReadNotes = ({ actor }: MemberContext) =>
  can(actor, 'conversations:read', { kind: 'notes' });

const canBePresent = ({ actor }: MemberContext) =>
  can(actor, 'conversations:read', { kind: 'presence' });
