import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { catalogue, flagNames } from './catalogue.ts';
import { keepFlags, type WantedFlags } from './keep-flags.ts';
import { flagsView, toFlags } from './view.ts';

const fields = flagNames.map((name) => {
  const { schema, description } = catalogue[name];
  return [name, schema.nullable().optional().describe(`${description}; null: the default`)];
});

/** What may be wanted of flags: values of their types, or null for the default. */
const wantedFlags = z.strictObject(Object.fromEntries(fields));

export const changeFlags = defineAction({
  summary: "Change the organisation's flags",
  input: wantedFlags,
  output: flagsView,
  allow: 'flags:manage',
  transaction: 'write',
  async run(ctx, wanted) {
    return toFlags(await keepFlags(ctx, wanted as WantedFlags));
  },
});
