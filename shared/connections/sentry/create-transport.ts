import type { createTransport } from '@sentry/bun';

type MakeTransport = NonNullable<import('@sentry/bun').BunOptions['transport']>;

/** A transport with a timeout for each request: the library's own has none. */
export const createTransportFactory =
  (create: typeof createTransport, timeoutMs: number): MakeTransport =>
  (options) =>
    create(options, async ({ body }) => {
      const response = await fetch(options.url, {
        method: 'POST',
        body: body as string | Uint8Array<ArrayBuffer>,
        headers: { 'Content-Type': 'application/x-sentry-envelope' },
        redirect: 'error',
        signal: AbortSignal.timeout(timeoutMs),
      });
      await response.body?.cancel();
      return {
        statusCode: response.status,
        headers: {
          'x-sentry-rate-limits': response.headers.get('X-Sentry-Rate-Limits'),
          'retry-after': response.headers.get('Retry-After'),
        },
      };
    });
