import type { ReactNode } from 'react'
import { Icon } from '../parts/icon.tsx'
import { MenuItem } from '../parts/popover.tsx'
import { PivotList } from '../pivot/pivot-list.tsx'
import { pivotTitles, pivotTypesOf } from '../pivot/pivot-types.ts'
import type { Pivot, PivotSource } from '../pivot/pivots.ts'
import { cellLine } from './cell-text.ts'

/** What can be done with a value: Shift-F10, p or the right button. */
export function CellMenu(props: {
  readonly source: PivotSource
  readonly onCopy: () => void
  readonly onKeep: () => void
  readonly onLeaveOut: () => void
  readonly onInspect: () => void
  readonly onPivot: (pivot: Pivot) => void
}): ReactNode {
  const { source } = props
  const [type] = pivotTypesOf(source.column, source.value)
  return (
    <>
      <div className="menu-title mono">{cellLine(source.value).slice(0, 80) || 'null'}</div>
      <MenuItem onSelect={props.onCopy} aside="Ctrl C">
        <Icon name="copy" /> Copy
      </MenuItem>
      <MenuItem onSelect={props.onKeep}>
        <Icon name="filter" /> Keep only this value
      </MenuItem>
      <MenuItem onSelect={props.onLeaveOut}>
        <Icon name="exclude" /> Leave this value out
      </MenuItem>
      <MenuItem onSelect={props.onInspect} aside="Enter">
        <Icon name="eye" /> Show the whole row
      </MenuItem>
      <hr />
      <div className="menu-title">{type === undefined ? 'Pivot' : `Pivot from this ${pivotTitles[type]}`}</div>
      <PivotList source={source} onPivot={props.onPivot} role="menuitem" />
    </>
  )
}
