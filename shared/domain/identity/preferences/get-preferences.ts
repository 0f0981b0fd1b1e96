import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { readPreferences } from './read-preferences.ts';
import { preferencesView } from './view.ts';

export const getPreferences = defineAction({
  summary: 'Get your preferences in this organization',
  input: z.strictObject({}),
  output: preferencesView,
  allow: 'account:read',
  allowsProviderSession: true,
  transaction: 'read',
  run: (ctx) => readPreferences(ctx, ctx.actor.userId),
});
