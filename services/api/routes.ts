import { explainPermission, listPermissions } from '@insightdesk/shared/domain/access';
import { getAttachment } from '@insightdesk/shared/domain/attachments';
import { listAuditEntries } from '@insightdesk/shared/domain/audit';
import {
  getConversation,
  listConversations,
  listMessages,
  messageView,
  openConversation,
  sendMessage,
  updateConversation,
} from '@insightdesk/shared/domain/conversations';
import {
  cancelErasure,
  getExport,
  requestErasure,
  requestExport,
} from '@insightdesk/shared/domain/departures';
import { changeFlags, listFlags } from '@insightdesk/shared/domain/flags';
import { sendEvent } from '@insightdesk/shared/domain/inbound';
import { cancelJob, getJob, listJobs, retryJob } from '@insightdesk/shared/domain/jobs';
import { createKey, getKey, listKeys, revokeKey, rotateKey } from '@insightdesk/shared/domain/keys';
import {
  addRole,
  getRole,
  listRoles,
  removeRole,
  updateRole,
} from '@insightdesk/shared/domain/roles';
import {
  acceptInvitation,
  changeRole,
  invite,
  listMembers,
  listSessions,
  login,
  logout,
  logoutAll,
  me,
  refresh,
  register,
  removeMember,
  revokeSession,
} from '@insightdesk/shared/domain/users';
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
} from '@insightdesk/shared/domain/webhooks';
import { downloadRoute } from './attachments/download.ts';
import { uploadRoute } from './attachments/upload.ts';
import { exportContentRoute } from './organization/export-content.ts';
import { del, get, patch, post, type Route } from './route.ts';

/** Everything a client can ask. */
export const routes: readonly Route[] = [
  post('/v1/auth/register', register, 201),
  post('/v1/auth/login', login),
  post('/v1/auth/refresh', refresh),
  post('/v1/auth/logout', logout, 204),
  post('/v1/auth/logout-all', logoutAll, 204),
  get('/v1/auth/sessions', listSessions),
  del('/v1/auth/sessions/:id', revokeSession),

  get('/v1/me', me),
  get('/v1/members', listMembers),
  patch('/v1/members/:userId', changeRole),
  del('/v1/members/:userId', removeMember),
  post('/v1/invitations', invite, 201),
  post('/v1/invitations/accept', acceptInvitation),

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
  get('/v1/attachments/:id', getAttachment),
  downloadRoute,

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

  get('/v1/flags', listFlags),
  patch('/v1/flags', changeFlags),

  get('/v1/audit', listAuditEntries),

  get('/v1/jobs', listJobs),
  get('/v1/jobs/:id', getJob),
  post('/v1/jobs/:id/retry', retryJob),
  post('/v1/jobs/:id/cancel', cancelJob),
];
