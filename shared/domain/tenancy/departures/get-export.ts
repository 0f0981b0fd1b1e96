import { defineAction } from '@insightdesk/shared/context';
import { idSchema } from '@insightdesk/shared/contract';
import { z } from 'zod';
import { requireExport } from './require-export.ts';
import { exportView, toExport } from './view.ts';

export const getExport = defineAction({
  summary: 'Show an export of the organisation',
  input: z.strictObject({ id: idSchema('exp') }),
  output: exportView,
  allow: 'organization:export',
  transaction: 'read',
  async run(ctx, { id }) {
    return toExport(await requireExport(ctx, id));
  },
});
