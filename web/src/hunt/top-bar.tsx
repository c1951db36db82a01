import type { ReactNode } from 'react'
import { Icon } from '../parts/icon.tsx'
import { MenuItem, Popover } from '../parts/popover.tsx'
import { signOut, switchTenant } from '../session/session.ts'
import { useSession } from '../session/session-context.tsx'
import { SchemeSwitch } from '../theme/scheme-switch.tsx'
import { TenantSwitch } from './tenant-switch.tsx'

export function TopBar(props: {
  readonly isSideOpen: boolean
  readonly onSide: () => void
  readonly onHelp: () => void
}): ReactNode {
  const { clientId, accountType, tenants, tenantId } = useSession()
  return (
    <header className="top-bar">
      <button
        type="button"
        className="button quiet icon-only"
        aria-pressed={props.isSideOpen}
        aria-label="Library"
        title="Library"
        onClick={props.onSide}
      >
        <Icon name="menu" />
      </button>
      <h1>
        <img src="/icon.svg" alt="" width="18" height="18" /> edr-lake
      </h1>
      {accountType === 'tenant' ? (
        <span className="muted mono tenant-id" title={`Tenant ${tenantId}`}>
          {tenantId.slice(0, 8)}
        </span>
      ) : (
        <TenantSwitch tenants={tenants} tenantId={tenantId} onSwitch={switchTenant} />
      )}
      <span className="spacer" />
      <button
        type="button"
        className="button quiet icon-only"
        aria-label="Keys"
        title="Keys (?)"
        onClick={props.onHelp}
      >
        <Icon name="help" />
      </button>
      <SchemeSwitch />
      <Popover label="Account" buttonClass="button quiet icon-only" buttonLabel="Account" button={<Icon name="out" />}>
        {({ close }) => (
          <>
            <div className="menu-title">Signed in as {accountType}</div>
            <div className="account-id mono">{clientId}</div>
            <hr />
            <MenuItem
              onSelect={() => {
                close()
                signOut()
              }}
            >
              <Icon name="out" /> Sign out
            </MenuItem>
          </>
        )}
      </Popover>
    </header>
  )
}
