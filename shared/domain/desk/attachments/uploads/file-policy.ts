import { defineAction, type TenantContext } from '@insightdesk/shared/context';
import { eq } from 'drizzle-orm';
import { z } from 'zod';
import { AttachmentErrors } from '../errors.ts';
import { filePolicies } from '../tables.ts';

const token = '[a-z0-9][a-z0-9!#$&^_.+-]{0,99}';
const typePattern = z
  .string()
  .regex(new RegExp(`^${token}/(?:\\*|${token})$`), 'Expected a type such as image/png or image/*');

const types = z.array(typePattern).max(100);

export const filePolicyFields = {
  maxFileBytes: z.int().min(1).nullable().describe('null is the limit of the installation'),
  allowedTypes: types.nullable().describe('null is all; compared with the detected type'),
  refusedTypes: types.describe('Takes precedence over `allowedTypes`'),
};

export const filePolicyView = z.object(filePolicyFields).meta({ id: 'FilePolicy' });
type FilePolicy = z.output<typeof filePolicyView>;

const defaultPolicy: FilePolicy = { maxFileBytes: null, allowedTypes: null, refusedTypes: [] };

export async function readFilePolicy({ tx, tenantId }: TenantContext): Promise<FilePolicy> {
  const { maxFileBytes, allowedTypes, refusedTypes } = filePolicies;
  const [row] = await tx
    .select({ maxFileBytes, allowedTypes, refusedTypes })
    .from(filePolicies)
    .where(eq(filePolicies.tenantId, tenantId))
    .execute();
  return row ?? defaultPolicy;
}

export const maxFileBytesOf = (policy: FilePolicy, { limits }: Pick<TenantContext, 'limits'>) =>
  Math.min(policy.maxFileBytes ?? limits.maxFileBytes, limits.maxFileBytes);

/** Throws FILE_TYPE_REFUSED for a type that the policy does not allow. */
export function requireAllowedType(
  { allowedTypes, refusedTypes }: FilePolicy,
  contentType: string,
): void {
  const type = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  const matches = (pattern: string) =>
    pattern === type || (pattern.endsWith('/*') && type.startsWith(pattern.slice(0, -1)));
  const isAllowed = allowedTypes === null || allowedTypes.some(matches);
  if (!isAllowed || refusedTypes.some(matches)) throw AttachmentErrors.TypeRefused(type);
}

export const getFilePolicy = defineAction({
  summary: 'Get the file policy',
  input: z.strictObject({}),
  output: filePolicyView,
  allow: 'attachments:upload',
  transaction: 'read',
  run: (ctx) => readFilePolicy(ctx),
});
