import { defineAction } from '@insightdesk/shared/context';
import { z } from 'zod';
import { filePolicyView, readFilePolicy } from './file-policy.ts';

/** For whoever uploads: what will be refused. */
export const getFilePolicy = defineAction({
  summary: 'Get what files the organisation takes',
  input: z.strictObject({}),
  output: filePolicyView,
  allow: 'attachments:upload',
  transaction: 'read',
  run: (ctx) => readFilePolicy(ctx),
});
