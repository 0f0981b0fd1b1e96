import { z } from 'zod';

interface Flag<S extends z.ZodType> {
  description: string;
  schema: S;
  default: z.output<S>;
}

const flag = <S extends z.ZodType>(schema: S, byDefault: z.output<S>, description: string) =>
  ({ schema, default: byDefault, description }) satisfies Flag<S>;

/** Every feature flag of an organization. */
export const flagCatalog = {
  'email-customers': flag(z.boolean(), true, 'Send replies to customers by e-mail'),
  'email-staff': flag(z.boolean(), true, 'Send messages to offline staff by e-mail'),
};

export type FlagName = keyof typeof flagCatalog;
export type FlagValue<N extends FlagName> = z.output<(typeof flagCatalog)[N]['schema']>;
export type FlagValues = { [N in FlagName]: FlagValue<N> };

export const flagNames = Object.keys(flagCatalog) as FlagName[];

/** The stored values, and defaults for the rest; a value of an earlier release may be invalid. */
export function withDefaults(rows: readonly { name: string; value: unknown }[]): FlagValues {
  const stored = new Map(rows.map(({ name, value }) => [name, value]));
  const values = flagNames.map((name) => {
    const { schema, default: byDefault } = flagCatalog[name];
    const parsed = schema.safeParse(stored.get(name));
    return [name, parsed.success ? parsed.data : byDefault];
  });
  return Object.fromEntries(values);
}

const name = z.enum(flagNames as [(typeof flagNames)[number]]);
const value = z.union([z.boolean(), z.number(), z.string()]);

export const flagsView = z
  .object({
    flags: z.array(z.object({ name, value, default: value, description: z.string() })),
  })
  .meta({ id: 'Flags' });

/** All flags in the order of the catalog. */
export const toFlags = (values: FlagValues) => ({
  flags: flagNames.map((name) => {
    const { default: byDefault, description } = flagCatalog[name];
    return { name, value: values[name], default: byDefault, description };
  }),
});
