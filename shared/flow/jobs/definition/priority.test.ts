import { expect, test } from 'bun:test';
import { JobPriority, levels, levelsByRank, UNASSIGNED_RANK, unassignedRank } from './priority.ts';

const { LOWEST, LOW, NORMAL, MEDIUM, HIGH, CRITICAL, URGENT } = JobPriority;

test('levels: more urgent priorities have larger weights', () => {
  const ordered = [LOWEST, LOW, NORMAL, MEDIUM, HIGH, CRITICAL, URGENT];
  expect(ordered).toEqual(ordered.toSorted((a, b) => b - a));
  const weightOf = (wanted: JobPriority) =>
    levels.find(({ priority }) => priority === wanted)?.weight ?? 0;
  const weights = ordered.map(weightOf);
  expect(weights).toEqual(weights.toSorted((a, b) => a - b));
  expect(new Set(weights).size).toBe(7);
});

test('unassignedRank: the ranks of existing levels never change', () => {
  expect([URGENT, HIGH, NORMAL, LOW, LOWEST].map(unassignedRank)).toEqual([
    2_097_147, 2_097_148, 2_097_149, 2_097_150, 2_097_151,
  ]);
  expect([CRITICAL, MEDIUM].map(unassignedRank)).toEqual([2_097_145, 2_097_146]);
});

test('levelsByRank: every rank from UNASSIGNED_RANK maps back to its level', () => {
  const ranks = levelsByRank.map((level) => unassignedRank(levels[level]?.priority ?? NORMAL));
  expect(ranks).toEqual(levels.map((_, n) => UNASSIGNED_RANK + n));
});
