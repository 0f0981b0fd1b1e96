/** Reports errors to a tracker, once each; does nothing without a tracker. */
export {
  addBreadcrumb,
  captureException,
  type ErrorReport,
  type ErrorTracker,
  ErrorTracking,
  reportLoggedErrors,
  setErrorTracker,
  setUserContext,
} from './error-tracking.ts';
