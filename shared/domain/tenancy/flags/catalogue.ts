import { z } from 'zod';

interface Flag<S extends z.ZodType> {
  description: string;
  schema: S;
  default: z.output<S>;
}

const flag = <S extends z.ZodType>(schema: S, byDefault: z.output<S>, description: string) =>
  ({ schema, default: byDefault, description }) satisfies Flag<S>;

/** Every switch that an organisation has while the system runs. */
export const catalogue = {
  'email-customers': flag(z.boolean(), true, 'Customers get answers by e-mail'),
  'email-staff': flag(z.boolean(), true, 'Staff who are not connected get messages by e-mail'),
};

export type FlagName = keyof typeof catalogue;
export type FlagValue<N extends FlagName> = z.output<(typeof catalogue)[N]['schema']>;
export type FlagValues = { [N in FlagName]: FlagValue<N> };

export const flagNames = Object.keys(catalogue) as FlagName[];

/** What is set, and the default of all else; what was set for an earlier release may not fit. */
export function withDefaults(rows: readonly { name: string; value: unknown }[]): FlagValues {
  const set = new Map(rows.map(({ name, value }) => [name, value]));
  const values = flagNames.map((name) => {
    const { schema, default: byDefault } = catalogue[name];
    const parsed = schema.safeParse(set.get(name));
    return [name, parsed.success ? parsed.data : byDefault];
  });
  return Object.fromEntries(values);
}
