import { z } from 'zod';

/** What a user is notified of. */
export const notificationKinds = ['messages', 'assigned', 'unassigned'] as const;
export type NotificationKind = (typeof notificationKinds)[number];

/** `delayed`: one email per conversation after a delay; `daily`: one email a day; `off`: none. */
export const emailModes = ['delayed', 'daily', 'off'] as const;
export type EmailMode = (typeof emailModes)[number];

const DEFAULT_MODE: EmailMode = 'delayed';
const DEFAULT_DELAY_MINUTES = 5;

const kinds: Record<NotificationKind, string> = {
  messages: 'Replies in conversations that you opened',
  assigned: 'Staff: messages of customers in conversations that are assigned to you',
  unassigned: 'Staff: messages of customers in conversations without an assignee',
};

const delayMinutes = z
  .int()
  .min(0)
  .max(60)
  .describe('How long an email waits for later messages of the conversation, which join it');

export const notificationsView = z
  .object({
    delayMinutes,
    messages: z.object({ email: z.enum(emailModes) }).describe(kinds.messages),
    assigned: z.object({ email: z.enum(emailModes) }).describe(kinds.assigned),
    unassigned: z.object({ email: z.enum(emailModes) }).describe(kinds.unassigned),
  })
  .meta({ id: 'NotificationPreferences' });

export type Notifications = z.output<typeof notificationsView>;

const channels = z.strictObject({ email: z.enum(emailModes).nullable().optional() });

/** Changes by kind and channel; null resets a value to its default. */
export const notificationChanges = z.strictObject({
  delayMinutes: delayMinutes.nullable().optional(),
  messages: channels.optional().describe(kinds.messages),
  assigned: channels.optional().describe(kinds.assigned),
  unassigned: channels.optional().describe(kinds.unassigned),
});

export type NotificationChanges = z.output<typeof notificationChanges>;

/** What is stored: only what differs from the defaults. */
type Stored = Partial<Record<NotificationKind, { email?: EmailMode }>> & { delayMinutes?: number };

export function withDefaults(stored: Record<string, unknown> = {}): Notifications {
  const { delayMinutes: delay = DEFAULT_DELAY_MINUTES, ...modes } = stored as Stored;
  const of = (kind: NotificationKind) => ({ email: modes[kind]?.email ?? DEFAULT_MODE });
  return {
    delayMinutes: delay,
    messages: of('messages'),
    assigned: of('assigned'),
    unassigned: of('unassigned'),
  };
}

/** The stored values after changes. */
export function applyChanges(
  stored: Record<string, unknown>,
  { delayMinutes: delay, ...modes }: NotificationChanges,
): Record<string, unknown> {
  const after: Stored = { ...stored };
  if (delay === null) delete after.delayMinutes;
  else if (delay !== undefined) after.delayMinutes = delay;
  for (const kind of notificationKinds) {
    const email = modes[kind]?.email;
    if (email === null) delete after[kind];
    else if (email !== undefined) after[kind] = { email };
  }
  return after;
}
