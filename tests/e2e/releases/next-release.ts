import type { SchemaChange } from './create-release.ts';

/** Adds a column, writes it, and returns it in responses and events. Old code uses its default. */
export const expand: SchemaChange = {
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

/** Requires the column. Releases before the previous one can no longer write messages. */
export const contract: SchemaChange = {
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
