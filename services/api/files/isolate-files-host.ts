import { DomainNotFoundError } from '@insightdesk/shared/errors';
import type { MiddlewareHandler } from 'hono';
import { FILES_PATH } from './create-files.ts';

/**
 * When files have their own host, that host serves files only and no other host serves them, so
 * that a script in a file runs in another origin than the sessions.
 */
export function isolateFilesHost(http: { publicUrl: string; filesUrl: string }): MiddlewareHandler {
  const filesHost = new URL(http.filesUrl).host;
  const isSeparate = filesHost !== new URL(http.publicUrl).host;
  return (c, next) => {
    const isFilePath = c.req.path.startsWith(FILES_PATH);
    if (isSeparate && isFilePath !== (c.req.header('Host')?.toLowerCase() === filesHost)) {
      throw new DomainNotFoundError();
    }
    return next();
  };
}
