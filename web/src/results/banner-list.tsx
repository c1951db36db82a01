import type { ReactNode } from 'react'
import { Icon } from '../parts/icon.tsx'
import type { Banner } from './banners.ts'

const icons = { info: 'info', warn: 'warning', bad: 'warning' } as const
const actionTitles = { searchAll: 'Search all data', readAgain: 'Read on', showPlace: 'Show the place' } as const

export function BannerList(props: {
  readonly banners: readonly Banner[]
  readonly onAction: (action: NonNullable<Banner['action']>) => void
}): ReactNode {
  return props.banners.map(({ tone, title, text, action }) => (
    <div key={title} className={`banner ${tone}`} role={tone === 'bad' ? 'alert' : undefined}>
      <Icon name={icons[tone]} />
      <p>
        <strong>{title}</strong>
        {text === undefined ? null : <span>{text}</span>}
      </p>
      {action === undefined ? null : (
        <button type="button" className="button" onClick={() => props.onAction(action)}>
          {actionTitles[action]}
        </button>
      )}
    </div>
  ))
}
