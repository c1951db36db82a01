import { type KeyboardEvent, type PointerEvent, type ReactNode, useRef, useState } from 'react'
import { keep, readKept } from '../state/kept-value.ts'

const key = 'edr-lake.editor-share'
const [least, most, usual, keyStep] = [12, 80, 36, 4]

/** Two areas above one another and the line between them, which moves by hand and by keys. */
export function Splitter(props: {
  readonly label: string
  readonly top: ReactNode
  readonly bottom: ReactNode
}): ReactNode {
  const [share, setShare] = useState(() => {
    const kept = readKept(localStorage, key)
    return typeof kept === 'number' && kept >= least && kept <= most ? kept : usual
  })
  const box = useRef<HTMLDivElement>(null)

  function change(next: number): void {
    const rounded = Math.round(Math.min(most, Math.max(least, next)))
    setShare(rounded)
    keep(localStorage, key, rounded)
  }

  function onPointerDown(event: PointerEvent<HTMLElement>): void {
    const handle = event.currentTarget
    const area = box.current?.getBoundingClientRect()
    if (area === undefined) return
    handle.setPointerCapture(event.pointerId)
    const move = (next: globalThis.PointerEvent): void => change(((next.clientY - area.top) / area.height) * 100)
    handle.addEventListener('pointermove', move)
    handle.addEventListener('lostpointercapture', () => handle.removeEventListener('pointermove', move), { once: true })
  }

  function onKeyDown(event: KeyboardEvent): void {
    if (event.key === 'ArrowUp') change(share - keyStep)
    else if (event.key === 'ArrowDown') change(share + keyStep)
    else return
    event.preventDefault()
  }

  return (
    <div ref={box} className="split">
      <div className="split-top" style={{ height: `${share}%` }}>
        {props.top}
      </div>
      <div
        role="separator"
        tabIndex={0}
        className="split-line"
        aria-label={props.label}
        aria-orientation="horizontal"
        aria-valuenow={share}
        aria-valuemin={least}
        aria-valuemax={most}
        onPointerDown={onPointerDown}
        onKeyDown={onKeyDown}
        onDoubleClick={() => change(usual)}
      />
      <div className="split-bottom">{props.bottom}</div>
    </div>
  )
}
