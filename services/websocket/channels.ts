import type { MemberContext } from '@insightdesk/shared/context';
import { mayFollowConversation } from '@insightdesk/shared/domain/conversations';
import { defineChannels } from './subscriptions/channel-table.ts';

/**
 * Every channel there is and who may listen to it; nothing else can be subscribed to. Names have no
 * wildcards: `{cnv}` is exactly one id. The same name is another channel in each organisation.
 */
export const channels = defineChannels({
  'private-user-{usr}': ({ actor }, { usr }) => usr === actor.userId,
  'private-organization-{org}': (ctx, { org }) => isStaff(ctx) && org === ctx.tenantId,
  'private-conversation-{cnv}': (ctx, { cnv }) => mayFollowConversation(ctx, cnv),
  'private-conversation-{cnv}-staff': (ctx, { cnv }) =>
    isStaff(ctx) && mayFollowConversation(ctx, cnv),
  'presence-organization-{org}': (ctx, { org }) => isStaff(ctx) && org === ctx.tenantId,
  'presence-conversation-{cnv}': (ctx, { cnv }) => mayFollowConversation(ctx, cnv),
});

function isStaff({ actor }: MemberContext): boolean {
  return actor.role !== 'customer';
}
