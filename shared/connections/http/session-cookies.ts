/** Header that requests a session in cookies, and protects unsafe requests against CSRF. */
export const SESSION_MODE_HEADER = 'X-Session-Mode';

/** `__Host-` cookies: other hosts cannot set them; scripts cannot read them. */
export const sessionCookies = {
  access: '__Host-desk-access',
  refresh: '__Host-desk-refresh',
} as const;

/** The value of a cookie in a `Cookie` header; undefined when it is missing, empty or duplicate. */
export function readCookie(header: string | undefined, name: string): string | undefined {
  const values = (header ?? '').split(';').flatMap((pair) => {
    const [key = '', ...rest] = pair.trim().split('=');
    return key === name ? [rest.join('=')] : [];
  });
  return values.length === 1 && values[0] !== '' ? values[0] : undefined;
}

/**
 * Whether the request comes from one of these origins, as the browser states it: `Origin` for unsafe
 * methods and sockets, `Sec-Fetch-Site` for reads of the same origin, which have no `Origin`.
 */
export function isAllowedOrigin(
  origins: readonly string[],
  { origin, fetchSite }: { origin: string | undefined; fetchSite: string | undefined },
): boolean {
  return origin === undefined ? fetchSite === 'same-origin' : origins.includes(origin);
}
