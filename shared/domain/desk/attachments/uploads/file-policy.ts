import type { TenantContext } from '@insightdesk/shared/context';
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
  maxFileBytes: z.int().min(1).nullable().describe('null is what the installation allows'),
  allowedTypes: types.nullable().describe('null is all; compared with what the bytes show'),
  refusedTypes: types.describe('Refused also where they are allowed'),
};

export const filePolicyView = z.object(filePolicyFields);
export type FilePolicy = z.output<typeof filePolicyView>;

const open: FilePolicy = { maxFileBytes: null, allowedTypes: null, refusedTypes: [] };

/** What files the context's organisation takes. */
export async function readFilePolicy({ tx, tenantId }: TenantContext): Promise<FilePolicy> {
  const { maxFileBytes, allowedTypes, refusedTypes } = filePolicies;
  const [row] = await tx
    .select({ maxFileBytes, allowedTypes, refusedTypes })
    .from(filePolicies)
    .where(eq(filePolicies.tenantId, tenantId))
    .execute();
  return row ?? open;
}

/** As many bytes as one file may have. */
export const maxFileBytesOf = (policy: FilePolicy, { limits }: Pick<TenantContext, 'limits'>) =>
  Math.min(policy.maxFileBytes ?? limits.maxFileBytes, limits.maxFileBytes);

/** Throws FILE_TYPE_REFUSED for a type that the organisation does not take. */
export function requireAllowedType(
  { allowedTypes, refusedTypes }: FilePolicy,
  contentType: string,
): void {
  const bare = contentType.split(';')[0]?.trim().toLowerCase() ?? '';
  const isOf = (pattern: string) =>
    pattern === bare || (pattern.endsWith('/*') && bare.startsWith(pattern.slice(0, -1)));
  const isTaken = allowedTypes === null || allowedTypes.some(isOf);
  if (!isTaken || refusedTypes.some(isOf)) throw AttachmentErrors.TypeRefused(bare);
}
