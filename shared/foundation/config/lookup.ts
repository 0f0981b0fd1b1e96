import { ConfigurationError } from '@insightdesk/shared/errors';
import type { Config } from './shape-config.ts';

/** One namespace of the configuration. */
export const getNamespace = <N extends keyof Config>(config: Config, name: N): Config[N] =>
  config[name];

/** A variable outside the schema; throws ConfigurationError when neither set nor defaulted. */
export function getString(config: Config, key: string, fallback?: string): string {
  const value = config.extra[key] ?? fallback;
  if (value === undefined) throw new ConfigurationError(`${key}: is required`);
  return value;
}

/** A number outside the schema. */
export function getNumber(config: Config, key: string, fallback?: number): number {
  const value = Number(getString(config, key, fallback?.toString()));
  if (Number.isNaN(value)) throw new ConfigurationError(`${key}: is not a number`);
  return value;
}

/** `true`, `1`, `yes`, `on` or their opposites, outside the schema. */
export function getBoolean(config: Config, key: string, fallback?: boolean): boolean {
  const value = getString(config, key, fallback?.toString()).toLowerCase();
  if (['true', '1', 'yes', 'on'].includes(value)) return true;
  if (['false', '0', 'no', 'off'].includes(value)) return false;
  throw new ConfigurationError(`${key}: is not a boolean`);
}

/** A comma-separated list outside the schema. */
export function getArray(config: Config, key: string, fallback?: readonly string[]): string[] {
  const value = getString(config, key, fallback?.join(','));
  return value
    .split(',')
    .map((item) => item.trim())
    .filter(Boolean);
}
