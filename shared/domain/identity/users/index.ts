/** Users: accounts, sessions, second factors, members and sign-in. */
export { changePassword } from './accounts/change-password.ts';
export { consumeDailyQuota, quotaKey, requireDailyQuota } from './accounts/consume-daily-quota.ts';
export { CONTACT_DOMAIN, createAccount } from './accounts/create-account.ts';
export { currentPassword, twoFactorCode } from './accounts/credential-fields.ts';
export { showLinksOf } from './accounts/email-links.ts';
export { confirmPassword } from './accounts/find-by-credentials.ts';
export { findLinkEmail, type LinkEmail } from './accounts/find-link-email.ts';
export { findUserByEmail } from './accounts/find-user-by-email.ts';
export { getEmailLink } from './accounts/get-email-link.ts';
export { requireRegistration } from './accounts/require-registration.ts';
export { requestPasswordReset, resetPassword } from './accounts/reset-password.ts';
export { searchUsers } from './accounts/search-users.ts';
export { setEmail } from './accounts/set-email.ts';
export {
  requestEmailChange,
  resendVerification,
  verifyEmail,
  verifyUserEmail,
} from './accounts/verify-email.ts';
export { toUser } from './accounts/view.ts';
export { deleteExpired } from './delete-expired.ts';
export * as userEvents from './events.ts';
export * as userJobs from './jobs.ts';
export { createOrganization } from './members/create-organization.ts';
export { deleteMe } from './members/delete-me.ts';
export { findMember, findMemberByEmail, listOwners } from './members/find-member.ts';
export { createInvitationToken, findPendingInvitation } from './members/find-pending-invitation.ts';
export { getInvitation } from './members/get-invitation.ts';
export { getMe } from './members/get-me.ts';
export { getMember } from './members/get-member.ts';
export { inviteMember, resendInvitation } from './members/invite-member.ts';
export { listInvitations } from './members/list-invitations.ts';
export { listMembers } from './members/list-members.ts';
export { chooseOrganization, listMemberships } from './members/list-memberships.ts';
export { listOrganizations } from './members/list-organizations.ts';
export { canReceiveMessages, isActiveStaff, listStaffIds } from './members/list-staff-ids.ts';
export { removeMember } from './members/remove-member.ts';
export { revokeInvitation } from './members/revoke-invitation.ts';
export { setPresence } from './members/set-presence.ts';
export { updateMe } from './members/update-me.ts';
export { updateMember } from './members/update-member.ts';
export {
  type Person,
  personView,
  toPerson,
  toShownName,
  toShownPerson,
} from './members/view.ts';
export { createSession } from './sessions/create-session.ts';
export { findPermissionRestriction } from './sessions/find-permission-restriction.ts';
export { listAccessGenerations, listLiveSessions } from './sessions/list-live-sessions.ts';
export { listSessions } from './sessions/list-sessions.ts';
export { logout, logoutAll, revokeSession } from './sessions/logout.ts';
export { refreshTokens } from './sessions/refresh-tokens.ts';
export {
  revokeOlderSessions,
  revokeSessions,
  revokeUserSessions,
} from './sessions/revoke-sessions.ts';
export { acceptInvitation } from './sign-in/accept-invitation.ts';
export { login } from './sign-in/login.ts';
export { register } from './sign-in/register.ts';
export { signedInView, signIn } from './sign-in/sign-in.ts';
export { endImpersonation, startImpersonation } from './sign-in/start-impersonation.ts';
export { switchOrganization } from './sign-in/switch-organization.ts';
export { verifySecondFactor } from './sign-in/verify-second-factor.ts';
export { listSigningKeys, loadSigningKeys } from './signing-keys/load-signing-keys.ts';
export { registerAccessKey } from './signing-keys/register-access-key.ts';
export { reencryptSigningKeys, rotateSigningKeys } from './signing-keys/rotate-signing-keys.ts';
export { members, users } from './tables.ts';
export { disableTwoFactor, regenerateRecoveryCodes } from './two-factor/disable-two-factor.ts';
export { resetTwoFactor } from './two-factor/reset-two-factor.ts';
export {
  clearFactor,
  markFactorVerified,
  requireRemovableFactor,
  requireVerifiedFactor,
} from './two-factor/session-factors.ts';
export { confirmTwoFactor, getTwoFactor, startTwoFactor } from './two-factor/start-two-factor.ts';
