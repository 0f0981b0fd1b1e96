import { z } from 'zod';
import { catalogue, type FlagValues, flagNames } from './catalogue.ts';

const name = z.enum(flagNames as [(typeof flagNames)[number]]);
const value = z.union([z.boolean(), z.number(), z.string()]);

export const flagsView = z.object({
  flags: z.array(z.object({ name, value, default: value, description: z.string() })),
});

/** What an organisation sees of its flags: all of them, in the order of the catalogue. */
export const toFlags = (values: FlagValues) => ({
  flags: flagNames.map((name) => {
    const { default: byDefault, description } = catalogue[name];
    return { name, value: values[name], default: byDefault, description };
  }),
});
