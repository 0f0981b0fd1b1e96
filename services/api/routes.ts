import {
  completeDirectUpload,
  createAttachmentLink,
  createDirectUpload,
  deleteAttachment,
  getAttachment,
  getFilePolicy,
  updateFilePolicy,
} from '@insightdesk/shared/domain/desk/attachments';
import {
  createConversation,
  getConversation,
  listConversations,
  listMessages,
  messageView,
  sendMessage,
  updateConversation,
} from '@insightdesk/shared/domain/desk/conversations';
import { cancelMedia, getMedia, retryMedia } from '@insightdesk/shared/domain/desk/media';
import {
  createApiKey,
  getApiKey,
  listApiKeys,
  revokeApiKey,
  rotateApiKey,
} from '@insightdesk/shared/domain/identity/api-keys';
import {
  createIdentityProvider,
  deleteIdentityProvider,
  exchangeTicket,
  listIdentityProviders,
  unlinkIdentity,
  updateIdentityProvider,
} from '@insightdesk/shared/domain/identity/identity-providers';
import {
  createPasskey,
  deletePasskey,
  getCreationOptions,
  getRequestOptions,
  listPasskeys,
  signInWithPasskey,
  updatePasskey,
} from '@insightdesk/shared/domain/identity/passkeys';
import {
  explainPermission,
  listPermissions,
} from '@insightdesk/shared/domain/identity/permissions-api';
import {
  createRole,
  deleteRole,
  getRole,
  listRoles,
  updateRole,
} from '@insightdesk/shared/domain/identity/roles';
import {
  acceptInvitation,
  changePassword,
  confirmTwoFactor,
  createOrganization,
  disableTwoFactor,
  getMe,
  getTwoFactor,
  inviteMember,
  listInvitations,
  listMembers,
  listOrganizations,
  listSessions,
  login,
  logout,
  logoutAll,
  regenerateRecoveryCodes,
  register,
  removeMember,
  requestEmailChange,
  requestPasswordReset,
  resendInvitation,
  resendVerification,
  resetPassword,
  revokeInvitation,
  revokeSession,
  startTwoFactor,
  switchOrganization,
  updateMember,
  verifyEmail,
} from '@insightdesk/shared/domain/identity/users';
import { ingestEvent } from '@insightdesk/shared/domain/integrations/event-ingest';
import {
  cancelJob,
  getJob,
  listJobs,
  retryJob,
} from '@insightdesk/shared/domain/integrations/jobs-api';
import {
  createWebhook,
  deleteWebhook,
  getWebhook,
  listDeliveries,
  listWebhooks,
  replayDelivery,
  replaySince,
  rotateSecret,
  updateWebhook,
} from '@insightdesk/shared/domain/integrations/webhooks';
import { listAuditEntries } from '@insightdesk/shared/domain/tenancy/audit';
import { listFlags, updateFlags } from '@insightdesk/shared/domain/tenancy/flags';
import {
  cancelDeletion,
  requestDeletion,
} from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import { createExport, getExport } from '@insightdesk/shared/domain/tenancy/tenant-export';
import { updateOrganization } from '@insightdesk/shared/domain/tenancy/tenants';
import { getUsage } from '@insightdesk/shared/domain/tenancy/usage';
import { downloadRoute } from './attachments/download.ts';
import { uploadRoute } from './attachments/upload.ts';
import { callbackRoute, linkRoute, startRoute } from './cookies/oauth-routes.ts';
import { refreshRoute } from './cookies/refresh-route.ts';
import { clearsSessionCookies, setsSessionCookies } from './cookies/session-routes.ts';
import { exportContentRoute } from './organization/export-content.ts';
import { del, get, patch, post, type Route, whenEnabled } from './route.ts';
import { resumableRoutes } from './uploads/resumable.ts';

/** Every API route; signed file URLs are served by `files/create-files.ts`. */
export const routes: readonly Route[] = [
  setsSessionCookies(post('/v1/auth/register', register, 201)),
  setsSessionCookies(post('/v1/auth/login', login)),
  refreshRoute,
  clearsSessionCookies(post('/v1/auth/logout', logout, 204)),
  clearsSessionCookies(post('/v1/auth/logout-all', logoutAll, 204)),
  get('/v1/auth/sessions', listSessions),
  del('/v1/auth/sessions/:id', revokeSession),
  post('/v1/auth/verify-email', verifyEmail),
  post('/v1/auth/verify-email/resend', resendVerification, 202),
  post('/v1/auth/password', changePassword, 204),
  post('/v1/auth/password/reset', requestPasswordReset, 202),
  post('/v1/auth/password/reset/confirm', resetPassword, 204),
  post('/v1/auth/email', requestEmailChange, 202),
  get('/v1/auth/organizations', listOrganizations),
  setsSessionCookies(post('/v1/auth/switch', switchOrganization)),
  post('/v1/organizations', createOrganization, 201),
  ...whenEnabled(
    'twoFactor',
    get('/v1/auth/two-factor', getTwoFactor),
    post('/v1/auth/two-factor', startTwoFactor),
    post('/v1/auth/two-factor/confirm', confirmTwoFactor),
    post('/v1/auth/two-factor/remove', disableTwoFactor, 204),
    post('/v1/auth/two-factor/recovery-codes', regenerateRecoveryCodes),
    patch('/v1/organization', updateOrganization),
    post('/v1/auth/passkeys/sign-in/options', getRequestOptions),
    setsSessionCookies(post('/v1/auth/passkeys/sign-in', signInWithPasskey)),
    post('/v1/auth/passkeys/options', getCreationOptions),
    post('/v1/auth/passkeys', createPasskey, 201),
    get('/v1/auth/passkeys', listPasskeys),
    patch('/v1/auth/passkeys/:id', updatePasskey),
    post('/v1/auth/passkeys/:id/remove', deletePasskey, 204),
  ),
  ...whenEnabled(
    'oauth',
    callbackRoute,
    startRoute,
    setsSessionCookies(post('/v1/auth/oauth/exchange', exchangeTicket)),
    linkRoute,
    del('/v1/auth/oauth/:providerId/link', unlinkIdentity),
    post('/v1/identity-providers', createIdentityProvider, 201),
    get('/v1/identity-providers', listIdentityProviders),
    patch('/v1/identity-providers/:id', updateIdentityProvider),
    del('/v1/identity-providers/:id', deleteIdentityProvider),
  ),

  get('/v1/me', getMe),
  get('/v1/members', listMembers),
  patch('/v1/members/:userId', updateMember),
  del('/v1/members/:userId', removeMember),
  post('/v1/invitations', inviteMember, 201),
  get('/v1/invitations', listInvitations),
  del('/v1/invitations/:id', revokeInvitation),
  post('/v1/invitations/:id/resend', resendInvitation),
  setsSessionCookies(post('/v1/invitations/accept', acceptInvitation)),

  get('/v1/permissions', listPermissions),
  get('/v1/permissions/explain', explainPermission),
  post('/v1/roles', createRole, 201),
  get('/v1/roles', listRoles),
  get('/v1/roles/:id', getRole),
  patch('/v1/roles/:id', updateRole),
  del('/v1/roles/:id', deleteRole),

  post('/v1/api-keys', createApiKey, 201),
  get('/v1/api-keys', listApiKeys),
  get('/v1/api-keys/:id', getApiKey),
  post('/v1/api-keys/:id/rotate', rotateApiKey),
  del('/v1/api-keys/:id', revokeApiKey),
  post('/v1/organization/export', createExport, 202),
  get('/v1/organization/exports/:id', getExport),
  exportContentRoute,
  post('/v1/organization/erasure', requestDeletion, 202),
  del('/v1/organization/erasure', cancelDeletion),

  post('/v1/conversations', createConversation, 201),
  get('/v1/conversations', listConversations),
  get('/v1/conversations/:id', getConversation),
  patch('/v1/conversations/:id', updateConversation),
  get('/v1/conversations/:id/messages', listMessages),
  post('/v1/conversations/:id/messages', sendMessage, {
    status: ({ isNew }) => (isNew ? 201 : 200),
    body: ({ message }) => message,
    responses: { 201: messageView, 200: messageView },
  }),

  uploadRoute,
  ...resumableRoutes,
  post('/v1/attachments/direct', createDirectUpload, 201),
  post('/v1/attachments/:id/complete', completeDirectUpload),
  get('/v1/attachments/:id', getAttachment),
  del('/v1/attachments/:id', deleteAttachment),
  downloadRoute,
  get('/v1/file-policy', getFilePolicy),
  patch('/v1/file-policy', updateFilePolicy),
  get('/v1/attachments/:id/recording', getMedia),
  post('/v1/attachments/:id/recording/cancel', cancelMedia),
  post('/v1/attachments/:id/recording/retry', retryMedia),
  post('/v1/attachments/:id/links', createAttachmentLink, 201),

  post('/v1/webhooks', createWebhook, 201),
  get('/v1/webhooks', listWebhooks),
  get('/v1/webhooks/:id', getWebhook),
  patch('/v1/webhooks/:id', updateWebhook),
  del('/v1/webhooks/:id', deleteWebhook),
  post('/v1/webhooks/:id/secret', rotateSecret),
  get('/v1/webhooks/:id/deliveries', listDeliveries),
  post('/v1/webhooks/:id/deliveries/:deliveryId/replay', replayDelivery, 202),
  post('/v1/webhooks/:id/replay', replaySince, 202),
  post('/v1/events', ingestEvent, 202),

  get('/v1/usage', getUsage),
  get('/v1/flags', listFlags),
  patch('/v1/flags', updateFlags),

  get('/v1/audit', listAuditEntries),

  get('/v1/jobs', listJobs),
  get('/v1/jobs/:id', getJob),
  post('/v1/jobs/:id/retry', retryJob),
  post('/v1/jobs/:id/cancel', cancelJob),
];
