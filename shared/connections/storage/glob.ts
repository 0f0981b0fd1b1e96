/**
 * Whether the whole text matches: `*` matches any characters, `?` matches one. Takes O(text × pattern)
 * for any pattern.
 */
export function matchesGlob(text: string, pattern: string): boolean {
  let [textIndex, patternIndex] = [0, 0];
  let starIndex = -1;
  let backtrackTo = 0;
  while (textIndex < text.length) {
    if (pattern[patternIndex] === '*') {
      starIndex = patternIndex++;
      backtrackTo = textIndex;
    } else if (pattern[patternIndex] === '?' || pattern[patternIndex] === text[textIndex]) {
      patternIndex++;
      textIndex++;
    } else if (starIndex >= 0) {
      patternIndex = starIndex + 1;
      textIndex = ++backtrackTo;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(patternIndex));
}

/** The part before the first wildcard. */
export const literalStart = (pattern: string) => pattern.replace(/[*?].*$/s, '');
