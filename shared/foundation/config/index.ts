/** The only module that reads the environment. */
export { type LoadOptions, loadConfig } from './load-config.ts';
export { getArray, getBoolean, getNamespace, getNumber, getString } from './lookup.ts';
export type { Config, ServiceName } from './shape.ts';
