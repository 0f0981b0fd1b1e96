import { z } from 'zod';

const command = z.string().min(1);
const count = z.int().min(0);

/**
 * `railway.toml`, read: the fields of docs.railway.com/config-as-code/reference, without those of the
 * builders that we do not use. Its examples give seconds as strings; the platform takes numbers only
 * (railwayapp/docs#1243).
 */
export const railwayFields = z.strictObject({
  build: z.strictObject({
    builder: z.enum(['DOCKERFILE', 'RAILPACK']),
    dockerfilePath: z.string(),
    watchPatterns: z.array(z.string()).optional(),
    buildCommand: command.optional(),
  }),
  deploy: z.strictObject({
    startCommand: command,
    preDeployCommand: z.array(command).length(1),
    healthcheckPath: z.string().startsWith('/'),
    healthcheckTimeout: count,
    restartPolicyType: z.enum(['ON_FAILURE', 'ALWAYS', 'NEVER']),
    restartPolicyMaxRetries: count.optional(),
    drainingSeconds: count,
    overlapSeconds: count,
    cronSchedule: z.string().optional(),
    multiRegionConfig: z
      .record(z.string(), z.strictObject({ numReplicas: z.int().positive() }))
      .optional(),
  }),
});
