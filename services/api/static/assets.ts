import { DomainNotFoundError } from '@insightdesk/shared/errors';
import { type Context, Hono } from 'hono';
import type { ApiEnv } from '../caller.ts';
import { type Content, createContent } from './content.ts';
import { once } from './once.ts';
import { sendContent } from './send-content.ts';

/** A path or a `file:` URL. */
type FilePath = string | URL;
/** A file, or what creates its content. */
type Source = FilePath | (() => Promise<Content>);

const IMMUTABLE = 'public, max-age=31536000, immutable';
/** A name with another hash, such as of the previous release during a rolling deployment. */
const REVALIDATED = 'no-cache';
const HASH = /-[0-9a-f]{16}(?=\.\w+$)/;

export interface Assets<Name extends string> {
  /** The path of a file, with the hash of its content. */
  path(name: Name): Promise<string>;
  /** Serves the files. */
  app: Hono<ApiEnv>;
}

/**
 * Files below `basePath` with the hash of their content in the name, so that browsers may keep them. A
 * file is read on first use and stays in memory, with its compressed forms.
 */
export function createAssets<Name extends string>(
  basePath: string,
  files: Readonly<Record<Name, Source>>,
): Assets<Name> {
  const read = (source: Source) =>
    once(typeof source === 'function' ? source : () => readContent(source));
  const entries = Object.entries<Source>(files);
  const contents = new Map(entries.map(([name, source]) => [name, read(source)]));
  const app = new Hono<ApiEnv>();

  app.get(`${basePath}/:name`, async (c: Context<ApiEnv>) => {
    const requested = c.req.param('name') ?? '';
    const name = requested.replace(HASH, '');
    const content = await contents.get(name)?.();
    if (!content || name === requested) throw new DomainNotFoundError();
    const isCurrent = requested === hashedName(name, content);
    return sendContent(c, content, { cacheControl: isCurrent ? IMMUTABLE : REVALIDATED });
  });

  return {
    app,
    async path(name) {
      const content = await contents.get(name)?.();
      if (!content) throw new DomainNotFoundError();
      return `${basePath}/${hashedName(name, content)}`;
    },
  };
}

/** Reads a file; its type is that of its extension. */
export const readContent = async (file: FilePath): Promise<Content> => {
  const source = Bun.file(file as string);
  return createContent(await source.bytes(), source.type);
};

const hashedName = (name: string, { hash }: Content) => name.replace(/(?=\.\w+$)/, `-${hash}`);
