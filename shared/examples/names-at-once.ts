import { batch } from '@insightdesk/shared/promises';

/**
 * Looks names up one by one for whoever asks, many at a time for whoever answers: what is asked
 * within 5 ms, or 100 of them, is one question.
 */
export function createNames(loadMany: (ids: string[]) => Promise<string[]>) {
  const lookups = batch(loadMany, { size: 100, waitMs: 5 });
  return (id: string): Promise<string> => lookups.add(id);
}
