/** Asks for a session in cookies, and says with every change that a page of ours sent it. */
export const SESSION_MODE = 'X-Session-Mode';

/** No other host can set these, and no script reads them. */
export const sessionCookies = {
  access: '__Host-desk-access',
  refresh: '__Host-desk-refresh',
} as const;

/** The value of a cookie in a `Cookie` header; undefined when it is missing, empty or there twice. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '').split(';').flatMap((pair) => {
    const [key = '', ...rest] = pair.trim().split('=');
    return key === name ? [rest.join('=')] : [];
  });
  return values.length === 1 && values[0] !== '' ? values[0] : undefined;
}

/**
 * Whether a browser says that the request comes from one of these origins. It names the origin of
 * changes and sockets; a read of our own page has none, but says that it is of the same origin.
 */
export function comesFrom(
  origins: readonly string[],
  { origin, fetchSite }: { origin: string | undefined; fetchSite: string | undefined },
): boolean {
  return origin === undefined ? fetchSite === 'same-origin' : origins.includes(origin);
}
