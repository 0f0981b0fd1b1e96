import {
  addBreadcrumb,
  captureException,
  setUserContext,
} from '@insightdesk/shared/error-tracking';
import { withContext } from '@insightdesk/shared/logging';

interface Import {
  id: string;
  userId: string;
  tenantId: string;
  rows: readonly string[];
}

/** An invalid row is reported with the import, its user and breadcrumbs, and does not stop the import. */
export const importContacts = (
  { id, userId, tenantId, rows }: Import,
  store: (row: string) => Promise<void>,
) =>
  withContext({ job: id }, async () => {
    setUserContext({ id: userId, tenantId });
    for (const [line, row] of rows.entries()) {
      addBreadcrumb({ message: 'row read', category: 'import', fields: { line } });
      await store(row).catch((error) => captureException(error, { fields: { line } }));
    }
  });
