import type { ReactNode } from 'react'
import { Icon } from '../parts/icon.tsx'
import { useStore } from '../state/store.ts'
import { applyScheme, schemeStore, schemes } from './color-scheme.ts'

const titles = { system: 'as the system', light: 'light', dark: 'dark' } as const
const icons = { system: 'contrast', light: 'sun', dark: 'moon' } as const

/** Steps through the colour schemes. */
export function SchemeSwitch(): ReactNode {
  const scheme = useStore(schemeStore, state => state)
  const next = schemes[(schemes.indexOf(scheme) + 1) % schemes.length] ?? 'system'
  const label = `Colours: ${titles[scheme]}. Switch to ${titles[next]}`
  return (
    <button
      type="button"
      className="button quiet icon-only"
      onClick={() => applyScheme(next)}
      aria-label={label}
      title={label}
    >
      <Icon name={icons[scheme]} />
    </button>
  )
}
