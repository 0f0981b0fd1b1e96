import {
  changeFilePolicy,
  completeDirectUpload,
  discardAttachment,
  getAttachment,
  getFilePolicy,
  linkAttachment,
  startDirectUpload,
} from '@insightdesk/shared/domain/desk/attachments';
import {
  getConversation,
  listConversations,
  listMessages,
  messageView,
  openConversation,
  sendMessage,
  updateConversation,
} from '@insightdesk/shared/domain/desk/conversations';
import {
  cancelRecording,
  getRecording,
  requestRecording,
} from '@insightdesk/shared/domain/desk/media';
import {
  createKey,
  getKey,
  listKeys,
  revokeKey,
  rotateKey,
} from '@insightdesk/shared/domain/identity/api-keys';
import {
  addProvider,
  changeProvider,
  exchangeArrival,
  listProviders,
  removeLink,
  removeProvider,
} from '@insightdesk/shared/domain/identity/identity-providers';
import {
  listPasskeys,
  offerPasskey,
  offerSignIn,
  registerPasskey,
  removePasskey,
  renamePasskey,
  signInByPasskey,
} from '@insightdesk/shared/domain/identity/passkeys';
import {
  explainPermission,
  listPermissions,
} from '@insightdesk/shared/domain/identity/permissions-api';
import {
  addRole,
  getRole,
  listRoles,
  removeRole,
  updateRole,
} from '@insightdesk/shared/domain/identity/roles';
import {
  acceptInvitation,
  changePassword,
  changeRole,
  confirmTwoFactor,
  foundOrganization,
  getTwoFactor,
  invite,
  listInvitations,
  listMembers,
  listOrganizations,
  listSessions,
  login,
  logout,
  logoutAll,
  me,
  register,
  removeMember,
  removeTwoFactor,
  renewRecoveryCodes,
  requestEmailChange,
  requestPasswordReset,
  resendInvitation,
  resendVerification,
  resetPassword,
  revokeInvitation,
  revokeSession,
  startTwoFactor,
  switchOrganization,
  verifyEmail,
} from '@insightdesk/shared/domain/identity/users';
import { sendEvent } from '@insightdesk/shared/domain/integrations/event-ingest';
import {
  cancelJob,
  getJob,
  listJobs,
  retryJob,
} from '@insightdesk/shared/domain/integrations/jobs-api';
import {
  addWebhook,
  changeWebhook,
  getWebhook,
  listDeliveries,
  listWebhooks,
  removeWebhook,
  replayDelivery,
  replaySince,
  rotateSecret,
} from '@insightdesk/shared/domain/integrations/webhooks';
import { listAuditEntries } from '@insightdesk/shared/domain/tenancy/audit';
import {
  cancelErasure,
  getExport,
  requestErasure,
  requestExport,
} from '@insightdesk/shared/domain/tenancy/departures';
import { changeFlags, listFlags } from '@insightdesk/shared/domain/tenancy/flags';
import { changeOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { getUsage } from '@insightdesk/shared/domain/tenancy/usage';
import { downloadRoute } from './attachments/download.ts';
import { uploadRoute } from './attachments/upload.ts';
import { callbackRoute, linkRoute, startRoute } from './cookies/oauth-routes.ts';
import { refreshRoute } from './cookies/refresh-route.ts';
import { signsIn, signsOut } from './cookies/session-routes.ts';
import { exportContentRoute } from './organization/export-content.ts';
import { del, get, patch, post, type Route, when } from './route.ts';
import { resumableRoutes } from './uploads/resumable.ts';

/** Everything a client can ask; what a link to a file opens stands in `files/create-files.ts`. */
export const routes: readonly Route[] = [
  signsIn(post('/v1/auth/register', register, 201)),
  signsIn(post('/v1/auth/login', login)),
  refreshRoute,
  signsOut(post('/v1/auth/logout', logout, 204)),
  signsOut(post('/v1/auth/logout-all', logoutAll, 204)),
  get('/v1/auth/sessions', listSessions),
  del('/v1/auth/sessions/:id', revokeSession),
  post('/v1/auth/verify-email', verifyEmail),
  post('/v1/auth/verify-email/resend', resendVerification, 202),
  post('/v1/auth/password', changePassword, 204),
  post('/v1/auth/password/reset', requestPasswordReset, 202),
  post('/v1/auth/password/reset/confirm', resetPassword, 204),
  post('/v1/auth/email', requestEmailChange, 202),
  get('/v1/auth/organizations', listOrganizations),
  signsIn(post('/v1/auth/switch', switchOrganization)),
  post('/v1/organizations', foundOrganization, 201),
  ...when(
    'twoFactor',
    get('/v1/auth/two-factor', getTwoFactor),
    post('/v1/auth/two-factor', startTwoFactor),
    post('/v1/auth/two-factor/confirm', confirmTwoFactor),
    post('/v1/auth/two-factor/remove', removeTwoFactor, 204),
    post('/v1/auth/two-factor/recovery-codes', renewRecoveryCodes),
    patch('/v1/organization', changeOrganization),
    post('/v1/auth/passkeys/sign-in/options', offerSignIn),
    signsIn(post('/v1/auth/passkeys/sign-in', signInByPasskey)),
    post('/v1/auth/passkeys/options', offerPasskey),
    post('/v1/auth/passkeys', registerPasskey, 201),
    get('/v1/auth/passkeys', listPasskeys),
    patch('/v1/auth/passkeys/:id', renamePasskey),
    post('/v1/auth/passkeys/:id/remove', removePasskey, 204),
  ),
  ...when(
    'oauth',
    callbackRoute,
    startRoute,
    signsIn(post('/v1/auth/oauth/exchange', exchangeArrival)),
    linkRoute,
    del('/v1/auth/oauth/:providerId/link', removeLink),
    post('/v1/identity-providers', addProvider, 201),
    get('/v1/identity-providers', listProviders),
    patch('/v1/identity-providers/:id', changeProvider),
    del('/v1/identity-providers/:id', removeProvider),
  ),

  get('/v1/me', me),
  get('/v1/members', listMembers),
  patch('/v1/members/:userId', changeRole),
  del('/v1/members/:userId', removeMember),
  post('/v1/invitations', invite, 201),
  get('/v1/invitations', listInvitations),
  del('/v1/invitations/:id', revokeInvitation),
  post('/v1/invitations/:id/resend', resendInvitation),
  signsIn(post('/v1/invitations/accept', acceptInvitation)),

  get('/v1/permissions', listPermissions),
  get('/v1/permissions/explain', explainPermission),
  post('/v1/roles', addRole, 201),
  get('/v1/roles', listRoles),
  get('/v1/roles/:id', getRole),
  patch('/v1/roles/:id', updateRole),
  del('/v1/roles/:id', removeRole),

  post('/v1/api-keys', createKey, 201),
  get('/v1/api-keys', listKeys),
  get('/v1/api-keys/:id', getKey),
  post('/v1/api-keys/:id/rotate', rotateKey),
  del('/v1/api-keys/:id', revokeKey),
  post('/v1/organization/export', requestExport, 202),
  get('/v1/organization/exports/:id', getExport),
  exportContentRoute,
  post('/v1/organization/erasure', requestErasure, 202),
  del('/v1/organization/erasure', cancelErasure),

  post('/v1/conversations', openConversation, 201),
  get('/v1/conversations', listConversations),
  get('/v1/conversations/:id', getConversation),
  patch('/v1/conversations/:id', updateConversation),
  get('/v1/conversations/:id/messages', listMessages),
  post('/v1/conversations/:id/messages', sendMessage, {
    status: ({ isNew }) => (isNew ? 201 : 200),
    body: ({ message }) => message,
    answers: { 201: messageView, 200: messageView },
  }),

  uploadRoute,
  ...resumableRoutes,
  post('/v1/attachments/direct', startDirectUpload, 201),
  post('/v1/attachments/:id/complete', completeDirectUpload),
  get('/v1/attachments/:id', getAttachment),
  del('/v1/attachments/:id', discardAttachment),
  downloadRoute,
  get('/v1/file-policy', getFilePolicy),
  patch('/v1/file-policy', changeFilePolicy),
  get('/v1/attachments/:id/recording', getRecording),
  post('/v1/attachments/:id/recording/cancel', cancelRecording),
  post('/v1/attachments/:id/recording/retry', requestRecording),
  post('/v1/attachments/:id/links', linkAttachment, 201),

  post('/v1/webhooks', addWebhook, 201),
  get('/v1/webhooks', listWebhooks),
  get('/v1/webhooks/:id', getWebhook),
  patch('/v1/webhooks/:id', changeWebhook),
  del('/v1/webhooks/:id', removeWebhook),
  post('/v1/webhooks/:id/secret', rotateSecret),
  get('/v1/webhooks/:id/deliveries', listDeliveries),
  post('/v1/webhooks/:id/deliveries/:deliveryId/replay', replayDelivery, 202),
  post('/v1/webhooks/:id/replay', replaySince, 202),
  post('/v1/events', sendEvent, 202),

  get('/v1/usage', getUsage),
  get('/v1/flags', listFlags),
  patch('/v1/flags', changeFlags),

  get('/v1/audit', listAuditEntries),

  get('/v1/jobs', listJobs),
  get('/v1/jobs/:id', getJob),
  post('/v1/jobs/:id/retry', retryJob),
  post('/v1/jobs/:id/cancel', cancelJob),
];
