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

/** A bad row stops nothing: the tracker hears of it, of whose import it is and of what came before. */
export const importContacts = (
  { id, userId, tenantId, rows }: Import,
  store: (row: string) => Promise<void>,
) =>
  withContext({ job: id }, async () => {
    setUserContext({ id: userId, tenantId });
    for (const [line, row] of rows.entries()) {
      addBreadcrumb({ message: 'a row was read', category: 'import', fields: { line } });
      await store(row).catch((error) => captureException(error, { fields: { line } }));
    }
  });
