type Present<Members> = { [Name in keyof Members]?: Exclude<Members[Name], undefined> }

/** The members that have a value: absent ones are left out of a reply, never null. */
export function present<Members extends object>(members: Members): Present<Members> {
  const found: Record<string, unknown> = {}
  for (const [name, value] of Object.entries(members)) if (value !== undefined) found[name] = value
  return found as Present<Members>
}
