import { currentContext, hasContext, type LogContext } from '@insightdesk/shared/logging';
import type { Breadcrumb } from './error-tracking.ts';

export type DatedBreadcrumb = Breadcrumb & { at: Date };

const MAX_BREADCRUMBS = 20;

// A symbol is not logged. Nested contexts inherit the breadcrumbs of the outer one.
const breadcrumbs = Symbol('breadcrumbs');
type WithBreadcrumbs = LogContext & { [breadcrumbs]?: DatedBreadcrumb[] };

/** Adds a breadcrumb to the current context, which has at most 20; does nothing without a context. */
export function storeBreadcrumb(crumb: DatedBreadcrumb): void {
  if (!hasContext()) return;
  const context: WithBreadcrumbs = currentContext();
  context[breadcrumbs] = [...(context[breadcrumbs] ?? []), crumb].slice(-MAX_BREADCRUMBS);
}

export const currentBreadcrumbs = (): readonly DatedBreadcrumb[] =>
  (currentContext() as WithBreadcrumbs)[breadcrumbs] ?? [];
