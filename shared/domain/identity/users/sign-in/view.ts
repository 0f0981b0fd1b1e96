import { organizationView } from '@insightdesk/shared/domain/tenancy/tenants';
import { z } from 'zod';
import { userView } from '../accounts/view.ts';
import { tokenPairView } from '../sessions/view.ts';

export const signedInView = z.object({
  user: userView,
  organization: organizationView,
  ...tokenPairView.shape,
});
