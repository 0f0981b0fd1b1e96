interface StaffNames {
  staffNames: 'full' | 'first' | 'team';
  teamName: string | null;
  organizationName: string;
}

/** The name of a member of staff as customers of the organization see it. */
export function nameForCustomers(
  name: string,
  { staffNames, teamName, organizationName }: StaffNames,
): string {
  if (staffNames === 'team') return teamName ?? organizationName;
  return staffNames === 'first' ? (name.trim().split(/\s+/)[0] ?? name) : name;
}
