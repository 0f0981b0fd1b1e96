/** Reports errors to a tracker, once each; does nothing without a tracker. */
export {
  addBreadcrumb,
  type Breadcrumb,
  captureException,
  type ErrorDetails,
  type ErrorReport,
  type ErrorTracker,
  ErrorTracking,
  type ReportOutcome,
  reportLoggedErrors,
  setErrorTracker,
  setUserContext,
} from './error-tracking.ts';
