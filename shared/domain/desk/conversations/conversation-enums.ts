export const statuses = ['open', 'pending', 'snoozed', 'resolved', 'closed'] as const;
export type Status = (typeof statuses)[number];

export const priorities = ['low', 'normal', 'high', 'urgent'] as const;

export const messageKinds = ['reply', 'note'] as const;

/** The statuses that may follow each status; `closed` is final unless the organization allows reopening. */
export const statusTransitions: Record<Status, readonly Status[]> = {
  open: ['pending', 'snoozed', 'resolved', 'closed'],
  pending: ['open', 'snoozed', 'resolved', 'closed'],
  snoozed: ['open', 'pending', 'resolved', 'closed'],
  resolved: ['open', 'closed'],
  closed: [],
};
