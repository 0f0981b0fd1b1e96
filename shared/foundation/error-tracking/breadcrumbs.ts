import { currentContext, isWithinWork, type LogContext } from '@insightdesk/shared/logging';
import type { Breadcrumb } from './error-tracking.ts';

export type DatedBreadcrumb = Breadcrumb & { at: Date };

const KEPT = 20;

// A symbol, which lines of the log do not show; work within inherits what was there before it.
const trail = Symbol('breadcrumbs');
type WithTrail = LogContext & { [trail]?: DatedBreadcrumb[] };

/** Keeps the last 20 of the work under way; outside of any there is nothing to keep them by. */
export function leaveBreadcrumb(crumb: DatedBreadcrumb): void {
  if (!isWithinWork()) return;
  const context: WithTrail = currentContext();
  context[trail] = [...(context[trail] ?? []), crumb].slice(-KEPT);
}

export const breadcrumbsSoFar = (): readonly DatedBreadcrumb[] =>
  (currentContext() as WithTrail)[trail] ?? [];
