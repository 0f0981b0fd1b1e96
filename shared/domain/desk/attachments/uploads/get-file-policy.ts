import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { filePolicyView, readFilePolicy } from './file-policy.ts';

export const getFilePolicy = defineAction({
  summary: 'Get the file policy',
  input: z.strictObject({}),
  output: filePolicyView,
  allow: 'attachments:upload',
  transaction: 'read',
  run: (ctx) => readFilePolicy(ctx),
});
