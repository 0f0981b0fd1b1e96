/** Errors that somebody should look at are reported, once each; without a tracker it all does nothing. */
export {
  addBreadcrumb,
  type Breadcrumb,
  captureException,
  type ErrorDetails,
  type ErrorReport,
  type ErrorTracker,
  ErrorTracking,
  type ReportOutcome,
  setUserContext,
  trackErrors,
  trackLoggedErrors,
} from './error-tracking.ts';
