import type { Route } from './route.ts';

/** The end of a route, told to whoever still calls it. */
export interface Deprecation {
  /** From when on it should not be used, such as `2026-11-22`. */
  since: string;
  /** When it stops to answer. */
  sunset?: string;
  /** The path of what is to be used now. */
  successor?: string;
}

/** A route that still answers and says that it should not be asked (RFC 9745 and 8594). */
export function deprecated(route: Route, deprecation: Deprecation): Route {
  const headers = headersOf(deprecation);
  return {
    ...route,
    deprecation,
    handle(call) {
      for (const [name, value] of headers) call.http.header(name, value);
      return route.handle(call);
    },
  };
}

function headersOf({ since, sunset, successor }: Deprecation): [string, string][] {
  return [
    ['Deprecation', `@${Math.floor(Date.parse(since) / 1_000)}`],
    ...(sunset ? [['Sunset', new Date(sunset).toUTCString()] as [string, string]] : []),
    ...(successor ? [['Link', `<${successor}>; rel="successor-version"`] as [string, string]] : []),
  ];
}
