// What a principal may do. The vendor's four roles and one of ours, for what only puts rows in; the table role × action
// is in auth/access.ts.

export const roles = ['superAdmin', 'management', 'forensics', 'readOnly', 'ingest'] as const

export type Role = (typeof roles)[number]

/** The words people know them by. */
export const roleTitles: Readonly<Record<Role, string>> = {
  superAdmin: 'Super Admin',
  management: 'Management',
  forensics: 'Forensics',
  readOnly: 'Read-Only',
  ingest: 'Ingest',
}
