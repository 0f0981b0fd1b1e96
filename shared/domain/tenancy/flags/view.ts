import { z } from 'zod';
import { type FlagValues, flagCatalog, flagNames } from './flag-catalog.ts';

const name = z.enum(flagNames as [(typeof flagNames)[number]]);
const value = z.union([z.boolean(), z.number(), z.string()]);

export const flagsView = z.object({
  flags: z.array(z.object({ name, value, default: value, description: z.string() })),
});

/** All flags in the order of the catalogue. */
export const toFlags = (values: FlagValues) => ({
  flags: flagNames.map((name) => {
    const { default: byDefault, description } = flagCatalog[name];
    return { name, value: values[name], default: byDefault, description };
  }),
});
