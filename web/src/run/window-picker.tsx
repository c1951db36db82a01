import { type FormEvent, type ReactNode, useId, useState } from 'react'
import { Icon } from '../parts/icon.tsx'
import { MenuItem, Popover } from '../parts/popover.tsx'
import { instant } from '../parts/words.ts'
import { type DataSpan, parseTyped, presets, typedInstant, type WindowChoice, windowTitle } from './window.ts'

/** Which time a run looks at: presets, all there is, or two instants. UTC throughout. */
export function WindowPicker(props: {
  readonly window: WindowChoice
  readonly span: DataSpan
  readonly onChange: (window: WindowChoice) => void
}): ReactNode {
  const { window, span, onChange } = props
  const button = (
    <>
      <Icon name="clock" /> {windowTitle(window)} <Icon name="down" />
    </>
  )
  return (
    <Popover label="Time window" kind="dialog" className="window-picker" button={button} buttonClass="button">
      {({ close }) => {
        const choose = (choice: WindowChoice): void => {
          onChange(choice)
          close()
        }
        return (
          <>
            <div role="menu" aria-label="Usual windows">
              {presets.map(({ duration, title }) => (
                <MenuItem
                  key={duration}
                  isChecked={window.kind === 'last' && window.duration === duration}
                  onSelect={() => choose({ kind: 'last', duration })}
                >
                  {title}
                </MenuItem>
              ))}
              <MenuItem
                isChecked={window.kind === 'all'}
                onSelect={() => choose({ kind: 'all' })}
                aside={span.oldest === undefined ? undefined : `since ${instant(span.oldest).slice(0, 10)}`}
              >
                All data
              </MenuItem>
            </div>
            <hr />
            <BetweenForm window={window} span={span} onChoose={choose} />
          </>
        )
      }}
    </Popover>
  )
}

function BetweenForm(props: {
  readonly window: WindowChoice
  readonly span: DataSpan
  readonly onChoose: (window: WindowChoice) => void
}): ReactNode {
  const { window, span } = props
  const start = window.kind === 'between' ? window : { from: span.oldest ?? '', to: span.newest ?? '' }
  const [from, setFrom] = useState(typedInstant(start.from))
  const [to, setTo] = useState(typedInstant(start.to))
  const ids = { from: useId(), to: useId(), problem: useId() }
  const [parsedFrom, parsedTo] = [parseTyped(from), parseTyped(to)]
  const problem = problemOf(from, to, parsedFrom, parsedTo)

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (parsedFrom === undefined || parsedTo === undefined || problem !== undefined) return
    props.onChoose({ kind: 'between', from: parsedFrom, to: parsedTo })
  }

  return (
    <form className="between" onSubmit={submit}>
      <label className="label" htmlFor={ids.from}>
        From (UTC)
      </label>
      <input id={ids.from} className="field mono" value={from} onChange={event => setFrom(event.target.value)} />
      <label className="label" htmlFor={ids.to}>
        To (UTC)
      </label>
      <input id={ids.to} className="field mono" value={to} onChange={event => setTo(event.target.value)} />
      <p id={ids.problem} className="between-problem">
        {problem}
      </p>
      <button type="submit" className="button" disabled={problem !== undefined} aria-describedby={ids.problem}>
        Use this window
      </button>
    </form>
  )
}

function problemOf(
  from: string,
  to: string,
  parsedFrom: string | undefined,
  parsedTo: string | undefined,
): string | undefined {
  if (from.trim() === '' || to.trim() === '') return 'Two moments, like 2026-01-31 08:00:00'
  if (parsedFrom === undefined) return `“${from}” is no moment: write 2026-01-31 08:00:00`
  if (parsedTo === undefined) return `“${to}” is no moment: write 2026-01-31 08:00:00`
  return parsedFrom > parsedTo ? 'The end lies before the start' : undefined
}
