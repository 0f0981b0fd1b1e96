import { expect, test } from 'bun:test';
import { FRESH_RANK, freshRank, JobPriority, levels, levelsByRank } from './priority.ts';

const { LOWEST, LOW, NORMAL, MEDIUM, HIGH, CRITICAL, URGENT } = JobPriority;

test('levels are ordered by how urgent they are, and get more the more urgent they are', () => {
  const ordered = [LOWEST, LOW, NORMAL, MEDIUM, HIGH, CRITICAL, URGENT];
  expect(ordered).toEqual(ordered.toSorted((a, b) => b - a));
  const weightOf = (wanted: JobPriority) =>
    levels.find(({ priority }) => priority === wanted)?.weight ?? 0;
  const weights = ordered.map(weightOf);
  expect(weights).toEqual(weights.toSorted((a, b) => a - b));
  expect(new Set(weights).size).toBe(7);
});

test('the ranks at which jobs wait are those that earlier releases know', () => {
  expect([URGENT, HIGH, NORMAL, LOW, LOWEST].map(freshRank)).toEqual([
    2_097_147, 2_097_148, 2_097_149, 2_097_150, 2_097_151,
  ]);
  expect([CRITICAL, MEDIUM].map(freshRank)).toEqual([2_097_145, 2_097_146]);
});

test('every rank from the first on leads back to its level', () => {
  const ranks = levelsByRank.map((level) => freshRank(levels[level]?.priority ?? NORMAL));
  expect(ranks).toEqual(levels.map((_, n) => FRESH_RANK + n));
});
