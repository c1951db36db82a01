import { type ReactNode, useState } from 'react'
import { Icon } from '../parts/icon.tsx'
import { MenuItem, Popover } from '../parts/popover.tsx'
import type { TenantChoice } from '../session/session.ts'

const searchFrom = 8
const shownMax = 200

/** For principals of partners and organizations: whose rows are on screen. */
export function TenantSwitch(props: {
  readonly tenants: readonly TenantChoice[]
  readonly tenantId: string
  readonly onSwitch: (tenantId: string) => void
}): ReactNode {
  const { tenants, tenantId, onSwitch } = props
  const [search, setSearch] = useState('')
  const name = tenants.find(each => each.id === tenantId)?.name ?? tenantId
  const wanted = search.trim().toLowerCase()
  const found = tenants.filter(each => `${each.name} ${each.id}`.toLowerCase().includes(wanted)).slice(0, shownMax)
  const button = (
    <>
      {name} <Icon name="down" />
    </>
  )
  return (
    <Popover label="Tenants" button={button} buttonClass="button quiet" buttonLabel={`Tenant: ${name}`}>
      {({ close }) => (
        <>
          {tenants.length < searchFrom ? null : (
            <input
              type="search"
              className="field"
              aria-label="Search tenants"
              placeholder="Search tenants"
              data-autofocus
              value={search}
              onChange={event => setSearch(event.target.value)}
            />
          )}
          {found.map(tenant => (
            <MenuItem
              key={tenant.id}
              isChecked={tenant.id === tenantId}
              aside={tenant.id.slice(0, 8)}
              onSelect={() => {
                close()
                onSwitch(tenant.id)
              }}
            >
              {tenant.name}
            </MenuItem>
          ))}
        </>
      )}
    </Popover>
  )
}
