/**
 * Whether the whole text matches: `*` is any characters, `?` is one. Takes time in proportion to the
 * product of the lengths at most, whatever the pattern.
 */
export function matchesGlob(text: string, pattern: string): boolean {
  let [at, wanted] = [0, 0];
  let star = -1;
  let resumeAt = 0;
  while (at < text.length) {
    if (pattern[wanted] === '*') {
      star = wanted++;
      resumeAt = at;
    } else if (pattern[wanted] === '?' || pattern[wanted] === text[at]) {
      wanted++;
      at++;
    } else if (star >= 0) {
      wanted = star + 1;
      at = ++resumeAt;
    } else return false;
  }
  return /^\**$/.test(pattern.slice(wanted));
}

/** What every match begins with. */
export const literalStart = (pattern: string) => pattern.replace(/[*?].*$/s, '');
