import { conversationsOf, type MemberContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { conversations, messages } from './tables.ts';

/** Through whose eyes rows are seen: staff sees all of its organisation, a customer what is theirs. */
export interface Viewer {
  tenantId: Id<'org'>;
  /** Set for customers only. */
  customerId?: Id<'usr'> | undefined;
}

export const viewerOf = ({
  tenantId,
  actor,
}: Pick<MemberContext, 'tenantId' | 'actor'>): Viewer => ({
  tenantId,
  customerId: conversationsOf(actor),
});

/** The arguments of a statement about what a viewer sees. */
export const viewerColumns = {
  given: { tenantId: conversations.tenantId },
  optional: { customerId: conversations.customerId },
};

interface Eyes {
  tenantId: SQL;
  customerId: SQL | undefined;
}

/** A customer's own conversations; all of them for staff. */
export const visibleConversations = ({ tenantId, customerId }: Eyes) =>
  and(eq(conversations.tenantId, tenantId), customerId && eq(conversations.customerId, customerId));

/** The messages in those, for customers without notes. */
export const visibleMessages = ({ tenantId, customerId }: Eyes) =>
  and(
    eq(messages.tenantId, tenantId),
    customerId && eq(messages.kind, 'reply'),
    customerId &&
      sql`exists (select from ${conversations} where ${and(
        visibleConversations({ tenantId, customerId }),
        eq(conversations.id, messages.conversationId),
      )})`,
  );
