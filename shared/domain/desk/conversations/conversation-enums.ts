export const statuses = ['open', 'pending', 'snoozed', 'resolved', 'closed'] as const;
export type Status = (typeof statuses)[number];

export const priorities = ['low', 'normal', 'high', 'urgent'] as const;

export const messageKinds = ['reply', 'note'] as const;

/** Where a conversation may go from each status; `closed` is final. */
export const statusTransitions: Record<Status, readonly Status[]> = {
  open: ['pending', 'snoozed', 'resolved', 'closed'],
  pending: ['open', 'snoozed', 'resolved', 'closed'],
  snoozed: ['open', 'pending', 'resolved', 'closed'],
  resolved: ['open', 'closed'],
  closed: [],
};
