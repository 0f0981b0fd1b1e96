import type { Route } from './route.ts';

export interface Deprecation {
  /** The date of the deprecation, such as `2026-11-22`. */
  since: string;
  /** The date on which the route is removed. */
  sunset?: string;
  /** The path of the replacement. */
  successor?: string;
}

/** A route with deprecation headers (RFC 9745 and 8594). */
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
