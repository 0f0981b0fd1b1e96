import * as attachments from '@insightdesk/shared/domain/desk/attachments';
import * as contactMerge from '@insightdesk/shared/domain/desk/contact-merge';
import * as contacts from '@insightdesk/shared/domain/desk/contacts';
import * as conversations from '@insightdesk/shared/domain/desk/conversations';
import * as media from '@insightdesk/shared/domain/desk/media';
import * as notifications from '@insightdesk/shared/domain/desk/notifications';
import * as apiKeys from '@insightdesk/shared/domain/identity/api-keys';
import * as customerSignIn from '@insightdesk/shared/domain/identity/customer-sign-in';
import * as identityProviders from '@insightdesk/shared/domain/identity/identity-providers';
import * as passkeys from '@insightdesk/shared/domain/identity/passkeys';
import * as permissions from '@insightdesk/shared/domain/identity/permissions-api';
import * as preferences from '@insightdesk/shared/domain/identity/preferences';
import * as roles from '@insightdesk/shared/domain/identity/roles';
import * as users from '@insightdesk/shared/domain/identity/users';
import * as eventIngest from '@insightdesk/shared/domain/integrations/event-ingest';
import * as jobs from '@insightdesk/shared/domain/integrations/jobs-api';
import * as webhooks from '@insightdesk/shared/domain/integrations/webhooks';
import * as audit from '@insightdesk/shared/domain/tenancy/audit';
import * as flags from '@insightdesk/shared/domain/tenancy/flags';
import * as tenantDeletion from '@insightdesk/shared/domain/tenancy/tenant-deletion';
import * as tenantExport from '@insightdesk/shared/domain/tenancy/tenant-export';
import * as tenants from '@insightdesk/shared/domain/tenancy/tenants';
import * as usage from '@insightdesk/shared/domain/tenancy/usage';
import { uploadRoute } from './attachments/upload.ts';
import { callbackRoute, linkRoute, startRoute } from './cookies/oauth-routes.ts';
import {
  clearsSessionCookies,
  refreshRoute,
  setsSessionCookies,
} from './cookies/session-routes.ts';
import { downloadRoute, exportContentRoute } from './files/download-routes.ts';
import { unsubscribeRoute } from './notifications/unsubscribe-route.ts';
import {
  del,
  delWithBody,
  get,
  patch,
  post,
  put,
  type Route,
  whenEnabled,
  withBodyLimit,
  withCredentials,
  withErrors,
  withVisitor,
} from './route.ts';
import { resumableRoutes } from './uploads/resumable.ts';

/** A text of 50,000 characters may take 300 KB as JSON. */
const TEXT_LIMIT_BYTES = 524_288;
const EVENT_LIMIT_BYTES = 524_288;

/** Every API route; signed file URLs are served by `files/create-files.ts`. */
export const routes: readonly Route[] = [
  setsSessionCookies(post('/v1/auth/register', users.register, 201)),
  setsSessionCookies(withCredentials(post('/v1/auth/login', users.login))),
  refreshRoute,
  clearsSessionCookies(post('/v1/auth/logout', users.logout, 204)),
  clearsSessionCookies(post('/v1/auth/logout-all', users.logoutAll, 204)),
  get('/v1/auth/sessions', users.listSessions),
  del('/v1/auth/sessions/:id', users.revokeSession),
  get('/v1/auth/link', users.getEmailLink),
  post('/v1/auth/verify-email', users.verifyEmail),
  post('/v1/auth/verify-email/resend', users.resendVerification, 202),
  post('/v1/auth/password', users.changePassword, 204),
  post('/v1/auth/password/reset', users.requestPasswordReset, 202),
  post('/v1/auth/password/reset/confirm', users.resetPassword, 204),
  post('/v1/auth/email', users.requestEmailChange, 202),
  get('/v1/auth/organizations', users.listOrganizations),
  setsSessionCookies(post('/v1/auth/switch', users.switchOrganization)),
  post('/v1/organizations', users.createOrganization, 201),
  ...whenEnabled(
    'twoFactor',
    get('/v1/auth/two-factor', users.getTwoFactor),
    post('/v1/auth/two-factor', users.startTwoFactor),
    post('/v1/auth/two-factor/confirm', users.confirmTwoFactor),
    post('/v1/auth/two-factor/remove', users.disableTwoFactor, 204),
    post('/v1/auth/two-factor/recovery-codes', users.regenerateRecoveryCodes),
    post('/v1/auth/passkeys/sign-in/options', passkeys.getRequestOptions),
    setsSessionCookies(
      withCredentials(post('/v1/auth/passkeys/sign-in', passkeys.signInWithPasskey)),
    ),
    post('/v1/auth/passkeys/options', passkeys.getCreationOptions),
    post('/v1/auth/passkeys', passkeys.createPasskey, 201),
    get('/v1/auth/passkeys', passkeys.listPasskeys),
    patch('/v1/auth/passkeys/:id', passkeys.updatePasskey),
    post('/v1/auth/passkeys/:id/remove', passkeys.deletePasskey, 204),
  ),
  ...whenEnabled(
    'oauth',
    callbackRoute,
    startRoute,
    setsSessionCookies(
      withCredentials(post('/v1/auth/oauth/exchange', identityProviders.exchangeTicket)),
    ),
    linkRoute,
    del('/v1/auth/oauth/:providerId/link', identityProviders.unlinkIdentity),
    post('/v1/identity-providers', identityProviders.createIdentityProvider, 201),
    get('/v1/identity-providers', identityProviders.listIdentityProviders),
    patch('/v1/identity-providers/:id', identityProviders.updateIdentityProvider),
    del('/v1/identity-providers/:id', identityProviders.deleteIdentityProvider),
  ),

  setsSessionCookies(
    withVisitor(
      withErrors([401, 403], post('/v1/auth/customers', customerSignIn.signInWithIdentityToken)),
    ),
  ),
  post('/v1/auth/customers/code', customerSignIn.requestSignInCode, 202),
  setsSessionCookies(
    withVisitor(
      withErrors(
        [401, 403],
        post('/v1/auth/customers/code/verify', customerSignIn.verifySignInCode),
      ),
    ),
  ),
  setsSessionCookies(
    withErrors([403], post('/v1/auth/customers/anonymous', customerSignIn.createVisitor)),
  ),
  post('/v1/identity-keys', customerSignIn.createIdentityKey, 201),
  get('/v1/identity-keys', customerSignIn.listIdentityKeys),
  del('/v1/identity-keys/:id', customerSignIn.revokeIdentityKey),

  get('/v1/me', users.getMe),
  patch('/v1/me', users.updateMe),
  delWithBody('/v1/me', users.deleteMe),
  get('/v1/me/preferences', preferences.getPreferences),
  patch('/v1/me/preferences', preferences.updatePreferences),
  get('/v1/members', users.listMembers),
  get('/v1/members/:userId', users.getMember),
  patch('/v1/members/:userId', users.updateMember),
  patch('/v1/members/:userId/presence', users.setPresence),
  del('/v1/members/:userId', users.removeMember),
  post('/v1/invitations', users.inviteMember, 201),
  get('/v1/invitations', users.listInvitations),
  del('/v1/invitations/:id', users.revokeInvitation),
  post('/v1/invitations/:id/resend', users.resendInvitation),
  get('/v1/invitations/accept', users.getInvitation),
  setsSessionCookies(withCredentials(post('/v1/invitations/accept', users.acceptInvitation))),

  get('/v1/permissions', permissions.listPermissions),
  get('/v1/permissions/explain', permissions.explainPermission),
  post('/v1/roles', roles.createRole, 201),
  get('/v1/roles', roles.listRoles),
  get('/v1/roles/:id', roles.getRole),
  patch('/v1/roles/:id', roles.updateRole),
  del('/v1/roles/:id', roles.deleteRole),

  post('/v1/api-keys', apiKeys.createApiKey, 201),
  get('/v1/api-keys', apiKeys.listApiKeys),
  get('/v1/api-keys/:id', apiKeys.getApiKey),
  post('/v1/api-keys/:id/rotate', apiKeys.rotateApiKey),
  del('/v1/api-keys/:id', apiKeys.revokeApiKey),
  get('/v1/organization', tenants.getOrganization),
  patch('/v1/organization', tenants.updateOrganization),
  post('/v1/organization/export', tenantExport.createExport, 202),
  get('/v1/organization/exports/:id', tenantExport.getExport),
  exportContentRoute,
  post('/v1/organization/erasure', tenantDeletion.requestDeletion, 202),
  del('/v1/organization/erasure', tenantDeletion.cancelDeletion),

  post('/v1/contacts', contacts.createContact, 201),
  get('/v1/contacts', contacts.listContacts),
  put('/v1/contacts/by-external-id/:externalId', contacts.upsertContact, {
    status: ({ isNew }) => (isNew ? 201 : 200),
    body: ({ contact }) => contact,
    responses: { 201: contacts.contactView, 200: contacts.contactView },
  }),
  get('/v1/contacts/:id', contacts.getContact),
  patch('/v1/contacts/:id', contacts.updateContact),
  post('/v1/contacts/:id/merge', contactMerge.mergeContact),
  get('/v1/contacts/:id/merges', contactMerge.listMerges),
  post('/v1/contacts/:id/sessions', customerSignIn.createContactSession, 201),
  post('/v1/companies', contacts.createCompany, 201),
  get('/v1/companies', contacts.listCompanies),
  get('/v1/companies/:id', contacts.getCompany),
  patch('/v1/companies/:id', contacts.updateCompany),
  del('/v1/companies/:id', contacts.deleteCompany),

  withBodyLimit(TEXT_LIMIT_BYTES, post('/v1/conversations', conversations.createConversation, 201)),
  get('/v1/conversations', conversations.listConversations),
  get('/v1/conversations/:id', conversations.getConversation),
  patch('/v1/conversations/:id', conversations.updateConversation),
  post('/v1/conversations/:id/read', conversations.readConversation),
  get('/v1/conversations/:id/messages', conversations.listMessages),
  get('/v1/conversations/:id/messages/:messageId', conversations.getMessage),
  withBodyLimit(
    TEXT_LIMIT_BYTES,
    patch('/v1/conversations/:id/messages/:messageId', conversations.updateMessage),
  ),
  del('/v1/conversations/:id/messages/:messageId', conversations.deleteMessage),
  get('/v1/conversations/:id/messages/:messageId/versions', conversations.listMessageVersions),
  del('/v1/conversations/:id/messages/:messageId/versions', conversations.deleteMessageVersions),
  withBodyLimit(
    TEXT_LIMIT_BYTES,
    post('/v1/conversations/:id/messages', conversations.sendMessage, {
      status: ({ isNew }) => (isNew ? 201 : 200),
      body: ({ message }) => message,
      responses: { 201: conversations.messageView, 200: conversations.messageView },
    }),
  ),

  uploadRoute,
  ...resumableRoutes,
  post('/v1/attachments/direct', attachments.createDirectUpload, 201),
  post('/v1/attachments/:id/complete', attachments.completeDirectUpload),
  get('/v1/attachments/:id', attachments.getAttachment),
  del('/v1/attachments/:id', attachments.deleteAttachment),
  downloadRoute,
  get('/v1/file-policy', attachments.getFilePolicy),
  patch('/v1/file-policy', attachments.updateFilePolicy),
  get('/v1/attachments/:id/recording', media.getMedia),
  post('/v1/attachments/:id/recording/cancel', media.cancelMedia),
  post('/v1/attachments/:id/recording/retry', media.retryMedia),
  post('/v1/attachments/:id/links', attachments.createAttachmentLink, 201),

  get('/v1/unsubscribe', notifications.getSubscription),
  unsubscribeRoute,
  get('/v1/email-templates', notifications.listEmailTemplates),
  put('/v1/email-templates/:name/:locale', notifications.putEmailTemplate),
  del('/v1/email-templates/:name/:locale', notifications.deleteEmailTemplate),
  post('/v1/email-templates/:name/preview', notifications.previewEmailTemplate),

  post('/v1/webhooks', webhooks.createWebhook, 201),
  get('/v1/webhooks', webhooks.listWebhooks),
  get('/v1/webhooks/:id', webhooks.getWebhook),
  patch('/v1/webhooks/:id', webhooks.updateWebhook),
  del('/v1/webhooks/:id', webhooks.deleteWebhook),
  post('/v1/webhooks/:id/secret', webhooks.rotateSecret),
  get('/v1/webhooks/:id/deliveries', webhooks.listDeliveries),
  post('/v1/webhooks/:id/deliveries/:deliveryId/replay', webhooks.replayDelivery, 202),
  post('/v1/webhooks/:id/replay', webhooks.replaySince, 202),
  withBodyLimit(EVENT_LIMIT_BYTES, post('/v1/events', eventIngest.ingestEvent, 202)),

  get('/v1/usage', usage.getUsage),
  get('/v1/flags', flags.listFlags),
  patch('/v1/flags', flags.updateFlags),

  get('/v1/audit', audit.listAuditEntries),

  get('/v1/jobs', jobs.listJobs),
  get('/v1/jobs/:id', jobs.getJob),
  post('/v1/jobs/:id/retry', jobs.retryJob),
  post('/v1/jobs/:id/cancel', jobs.cancelJob),
];
