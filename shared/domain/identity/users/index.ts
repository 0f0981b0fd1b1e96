/** Users: accounts, sessions, second factors, members and sign-in. */
export { changePassword } from './accounts/change-password.ts';
export { confirmPassword } from './accounts/confirm-password.ts';
export { findLinkEmail, type LinkEmail } from './accounts/find-link-email.ts';
export { currentPassword } from './accounts/password-fields.ts';
export { requestEmailChange } from './accounts/request-email-change.ts';
export { requestPasswordReset } from './accounts/request-password-reset.ts';
export { resendVerification } from './accounts/resend-verification.ts';
export { resetPassword } from './accounts/reset-password.ts';
export { verifyEmail } from './accounts/verify-email.ts';
export { toUser } from './accounts/view.ts';
export { deleteExpired } from './delete-expired.ts';
export * as userEvents from './events.ts';
export * as userJobs from './jobs.ts';
export { createOrganization } from './members/create-organization.ts';
export { findMember, findMemberByEmail } from './members/find-member.ts';
export { findPendingInvitation } from './members/find-pending-invitation.ts';
export { getMe } from './members/get-me.ts';
export { createInvitationToken } from './members/invitation-token.ts';
export { inviteMember } from './members/invite-member.ts';
export { listInvitations } from './members/list-invitations.ts';
export { listMembers } from './members/list-members.ts';
export { listOrganizations } from './members/list-organizations.ts';
export { listOwners } from './members/list-owners.ts';
export { canReceiveMessages, isActiveStaff, listStaffIds } from './members/list-staff-ids.ts';
export { removeMember } from './members/remove-member.ts';
export { resendInvitation } from './members/resend-invitation.ts';
export { revokeInvitation } from './members/revoke-invitation.ts';
export { updateMember } from './members/update-member.ts';
export { createSession } from './sessions/create-session.ts';
export { findPermissionRestriction } from './sessions/find-permission-restriction.ts';
export { listAccessGenerations } from './sessions/list-access-generations.ts';
export { listLiveSessions } from './sessions/list-live-sessions.ts';
export { listSessions } from './sessions/list-sessions.ts';
export { logout } from './sessions/logout.ts';
export { logoutAll } from './sessions/logout-all.ts';
export { refreshTokens } from './sessions/refresh-tokens.ts';
export { requireLiveSession } from './sessions/require-live-session.ts';
export { revokeOlderSessions } from './sessions/revoke-older-sessions.ts';
export { revokeSession } from './sessions/revoke-session.ts';
export { revokeSessions } from './sessions/revoke-sessions.ts';
export { acceptInvitation } from './sign-in/accept-invitation.ts';
export { chooseOrganization } from './sign-in/choose-organization.ts';
export { endImpersonation } from './sign-in/end-impersonation.ts';
export { inheritAmr } from './sign-in/inherit-amr.ts';
export { login } from './sign-in/login.ts';
export { register } from './sign-in/register.ts';
export { startImpersonation } from './sign-in/start-impersonation.ts';
export { switchOrganization } from './sign-in/switch-organization.ts';
export { verifySecondFactor } from './sign-in/verify-second-factor.ts';
export { signedInView } from './sign-in/view.ts';
export { listSigningKeys } from './signing-keys/list-signing-keys.ts';
export { loadSigningKeys } from './signing-keys/load-signing-keys.ts';
export { reencryptSigningKeys } from './signing-keys/reencrypt-signing-keys.ts';
export { rotateSigningKeys } from './signing-keys/rotate-signing-keys.ts';
export { members, users } from './tables.ts';
export { confirmTwoFactor } from './two-factor/confirm-two-factor.ts';
export { disableTwoFactor } from './two-factor/disable-two-factor.ts';
export { getTwoFactor } from './two-factor/get-two-factor.ts';
export { regenerateRecoveryCodes } from './two-factor/regenerate-recovery-codes.ts';
export {
  clearFactor,
  markFactorVerified,
  requireRemovableFactor,
  requireVerifiedFactor,
} from './two-factor/session-factors.ts';
export { startTwoFactor } from './two-factor/start-two-factor.ts';
export { twoFactorCode } from './two-factor/two-factor-fields.ts';
