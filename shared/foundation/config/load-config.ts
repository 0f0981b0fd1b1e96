import { ConfigurationError } from '@insightdesk/shared/errors';
import type { z } from 'zod';
import { readCascade } from './cascade.ts';
import { type Environment, environmentSchema } from './environment.ts';
import { judge } from './policy.ts';
import { type Config, shapeConfig } from './shape.ts';

export interface LoadOptions {
  /** Where the `.env` files are; the working directory unless said. */
  directory?: string;
  /** The process environment unless said. */
  environment?: Record<string, string | undefined>;
  service?: Config['service']['name'];
}

/** Reads, checks and freezes the configuration; throws one ConfigurationError with every fault. */
export function loadConfig(options: LoadOptions = {}): Config {
  const { directory = process.cwd(), environment = process.env, service = 'api' } = options;
  const { values, faults } = readCascade(directory, environment);
  const parsed = parseEach(values);
  const all = [...faults, ...parsed.faults, ...judge(parsed.known)];
  if (all.length > 0) {
    throw new ConfigurationError(`The configuration has faults:\n  ${all.join('\n  ')}`);
  }
  return freeze(shapeConfig(parsed.known as Environment, service, values));
}

// One by one, so that a fault hides neither another nor the rules across variables.
function parseEach(values: Record<string, string>) {
  const known: Record<string, unknown> = {};
  const faults: string[] = [];
  for (const [name, schema] of Object.entries(environmentSchema.shape)) {
    const { success, data, error } = schema.safeParse(values[name], { reportInput: true });
    if (success) known[name] = data;
    else faults.push(toFault(name, error.issues[0]));
  }
  return { known: known as Partial<Environment>, faults };
}

/** Names the variable and what is wanted, never the value. */
function toFault(name: string, issue: z.core.$ZodIssue | undefined): string {
  const missing = issue?.code === 'invalid_type' && issue.input === undefined;
  return `${name}: ${missing ? 'is required' : issue?.message}`;
}

function freeze<T extends object>(value: T): T {
  for (const inner of Object.values(value)) {
    if (typeof inner === 'object' && inner !== null) freeze(inner);
  }
  return Object.freeze(value);
}
