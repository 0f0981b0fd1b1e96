import type { Change } from './trees.ts';

/**
 * Adds a column and writes it, and tells of it in answers and events. Old code leaves the column to
 * its default and never sees it.
 */
export const expand: Change = {
  migration: {
    name: 'expand',
    statements: [`ALTER TABLE "messages" ADD COLUMN "origin" text DEFAULT 'before';`],
  },
  edits: {
    'shared/domain/desk/conversations/tables.ts': [
      [
        `clientMessageId: text('client_message_id'),`,
        `clientMessageId: text('client_message_id'), origin: text('origin'),`,
      ],
    ],
    'shared/domain/desk/conversations/view.ts': [
      [
        'clientMessageId: z.string().nullable(),',
        'clientMessageId: z.string().nullable(), origin: z.string().nullable().optional(),',
      ],
      [
        'clientMessageId: row.clientMessageId,',
        'clientMessageId: row.clientMessageId, origin: row.origin,',
      ],
    ],
    'shared/domain/desk/conversations/append-message.ts': [
      [
        'const row = { tenantId, id, conversationId, sequence, authorId, createdAt, ...content };',
        `const row = { tenantId, id, conversationId, sequence, authorId, createdAt, origin: 'next', ...content };`,
      ],
    ],
  },
};

/** Relies on what only the release before writes: whoever is older can write no message any more. */
export const contract: Change = {
  migration: {
    name: 'contract',
    statements: [
      `ALTER TABLE "messages" ALTER COLUMN "origin" DROP DEFAULT;`,
      `ALTER TABLE "messages" ALTER COLUMN "origin" SET NOT NULL;`,
    ],
  },
  edits: {
    'shared/domain/desk/conversations/tables.ts': [
      [`origin: text('origin'),`, `origin: text('origin').notNull(),`],
    ],
  },
};
