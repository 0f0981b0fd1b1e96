/** Whether an `If-None-Match` header contains this entity tag (weak comparison). */
export function matchesEtag(ifNoneMatch: string | undefined, etag: string): boolean {
  if (ifNoneMatch === undefined) return false;
  if (ifNoneMatch.trim() === '*') return true;
  const wanted = withoutWeakPrefix(etag);
  return ifNoneMatch.split(',').some((tag) => withoutWeakPrefix(tag.trim()) === wanted);
}

const withoutWeakPrefix = (tag: string) => tag.replace(/^W\//, '');
