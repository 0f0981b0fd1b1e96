import { DomainNotFoundError } from '@insightdesk/shared/errors';
import type { MiddlewareHandler } from 'hono';
import { FILES } from './create-files.ts';

/**
 * Where files have a host of their own nothing else is answered there, nor files anywhere else: what
 * a file does in a browser then is of another origin than everything that has a session.
 */
export function filesApart(http: { publicUrl: string; filesUrl: string }): MiddlewareHandler {
  const own = new URL(http.filesUrl).host;
  const isApart = own !== new URL(http.publicUrl).host;
  return (c, next) => {
    const isTheirs = c.req.path.startsWith(FILES);
    if (isApart && isTheirs !== (c.req.header('Host')?.toLowerCase() === own)) {
      throw new DomainNotFoundError('There is nothing here');
    }
    return next();
  };
}
