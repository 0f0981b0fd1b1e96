import { customerScopeOf, type MemberContext } from '@insightdesk/shared/context';
import type { Id } from '@insightdesk/shared/contract';
import { and, eq, type SQL, sql } from 'drizzle-orm';
import { conversations, messages } from './tables.ts';

/** The reader of a query: staff sees all conversations of the organization, a customer its own. */
interface Viewer {
  tenantId: Id<'org'>;
  /** Set for customers only. */
  customerId?: Id<'usr'> | undefined;
}

export const viewerOf = ({
  tenantId,
  actor,
}: Pick<MemberContext, 'tenantId' | 'actor'>): Viewer => ({
  tenantId,
  customerId: customerScopeOf(actor),
});

/** The parameters of a statement that is limited to what a viewer sees. */
export const viewerColumns = {
  given: { tenantId: conversations.tenantId },
  optional: { customerId: conversations.customerId },
};

interface ViewerParameters {
  tenantId: SQL;
  customerId: SQL | undefined;
}

/** All conversations for staff, its own for a customer. */
export const visibleConversations = ({ tenantId, customerId }: ViewerParameters) =>
  and(eq(conversations.tenantId, tenantId), customerId && eq(conversations.customerId, customerId));

/** The messages of visible conversations; without notes for a customer. */
export const visibleMessages = ({ tenantId, customerId }: ViewerParameters) =>
  and(
    eq(messages.tenantId, tenantId),
    customerId && eq(messages.kind, 'reply'),
    customerId &&
      sql`exists (select from ${conversations} where ${and(
        visibleConversations({ tenantId, customerId }),
        eq(conversations.id, messages.conversationId),
      )})`,
  );
