import { isAbsolute, resolve } from 'node:path';
import { pathToFileURL } from 'node:url';
import { ConfigurationError } from '@insightdesk/shared/errors';
import { withTimeout } from '@insightdesk/shared/promises';
import { z } from 'zod';

const LOAD_TIMEOUT_MS = 10_000;

export interface LoadExportOptions {
  /** The variable that holds the path. */
  setting: string;
  /** What the module must export, such as `a log transport`. */
  expected: string;
  schema: z.ZodType;
  /** Passed to an exported function. */
  argument: unknown;
}

/**
 * The default export of the module at `path`, or what it returns if it is a function. Throws
 * ConfigurationError with the path.
 */
export async function loadExport<T>(
  path: string,
  { setting, expected, schema, argument }: LoadExportOptions,
): Promise<T> {
  const file = isAbsolute(path) ? path : resolve(path);
  try {
    return await withTimeout(async () => {
      const { default: exported } = await import(pathToFileURL(file).href);
      const value = typeof exported === 'function' ? await exported(argument) : exported;
      schema.parse(value);
      return value as T;
    }, LOAD_TIMEOUT_MS);
  } catch (cause) {
    const reason = cause instanceof z.ZodError ? z.prettifyError(cause) : String(cause);
    throw new ConfigurationError(`${setting}: ${path} is not ${expected}: ${reason}`, { cause });
  }
}
