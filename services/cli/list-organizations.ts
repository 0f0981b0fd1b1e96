import { readPages } from '@insightdesk/shared/database';
import { searchOrganizations } from '@insightdesk/shared/domain/tenancy/tenants';
import { operatorContext, runAsOperator } from './operator.ts';

const PAGE = 500;

/** Prints all organizations, or those whose name contains the text; oldest first. */
export async function listOrganizations(text = ''): Promise<number> {
  return runAsOperator(async (app) => {
    const ctx = operatorContext(app, undefined);
    const pages = readPages<Awaited<ReturnType<typeof searchOrganizations>>[number]>(PAGE, (last) =>
      searchOrganizations(ctx, { text, after: last?.id, limit: PAGE }),
    );
    for await (const { id, name, createdAt, disabledAt, deleteAt } of pages) {
      const state = deleteAt ? '  deletion scheduled' : disabledAt ? '  disabled' : '';
      console.log(`${id}  ${createdAt.toISOString().slice(0, 10)}  ${name}${state}`);
    }
    return 0;
  });
}
