import { isId } from '@insightdesk/shared/contract';
import {
  type FlagName,
  flagCatalog,
  flagNames,
  getFlags,
  writeFlags,
} from '@insightdesk/shared/domain/tenancy/flags';
import { requireOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { operatorContext, runAsOperator } from './operator.ts';

const USAGE = `Usage: desk flags list <organization id>
       desk flags set <organization id> <name> <value>|default
Flags: ${flagNames.join(', ')}`;

/** Lists the flags of an organization, or sets one. */
export async function manageFlags([verb, tenantId, name, text]: string[]): Promise<number> {
  const wanted = verb === 'set' ? parseValue(name, text) : {};
  if (!isId('org', tenantId) || !wanted || (verb !== 'list' && verb !== 'set')) {
    console.error(USAGE);
    return 2;
  }
  await runAsOperator(async (app) => {
    const ctx = operatorContext(app, tenantId);
    await requireOrganization(ctx);
    const values = verb === 'set' ? await writeFlags(ctx, wanted) : await getFlags(ctx);
    for (const flag of flagNames) {
      console.log(
        `${flag.padEnd(24)} ${String(values[flag]).padEnd(8)} ${flagCatalog[flag].description}`,
      );
    }
  });
  return 0;
}

/** What is to be set, or undefined when it makes no sense. */
function parseValue(name = '', text = '') {
  if (!Object.hasOwn(flagCatalog, name)) return undefined;
  if (text === 'default') return { [name]: null };
  const { schema } = flagCatalog[name as FlagName];
  for (const value of [text, parseJson(text)]) {
    const parsed = schema.safeParse(value);
    if (parsed.success) return { [name]: parsed.data };
  }
  return undefined;
}

function parseJson(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}
