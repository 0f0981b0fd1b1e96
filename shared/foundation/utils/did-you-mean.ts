/** The most similar known word, or undefined when none is similar enough. */
export function didYouMean(
  word: string,
  known: readonly string[],
  maxDistance = Math.max(2, Math.floor(word.length / 2)),
): string | undefined {
  const ranked = known
    .map((candidate) => ({ candidate, distance: levenshtein(candidate, word) }))
    .toSorted((a, b) => a.distance - b.distance);
  const [best] = ranked;
  return best && best.distance <= maxDistance ? best.candidate : undefined;
}

/** Levenshtein distance, in which two swapped neighbors count as one change. */
function levenshtein(a: string, b: string): number {
  let beforePrevious: number[] = [];
  let previous = Array.from({ length: b.length + 1 }, (_, j) => j);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const substitution = (previous[j - 1] ?? 0) + (a[i - 1] === b[j - 1] ? 0 : 1);
      const isSwap = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      const swap = isSwap ? (beforePrevious[j - 2] ?? 0) + 1 : substitution;
      row.push(Math.min(substitution, swap, (previous[j] ?? 0) + 1, (row[j - 1] ?? 0) + 1));
    }
    beforePrevious = previous;
    previous = row;
  }
  return previous.at(-1) ?? 0;
}
