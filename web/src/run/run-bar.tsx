import type { ReactNode } from 'react'
import { modKey } from '../hunt/hunt-keys.ts'
import { Icon } from '../parts/icon.tsx'
import { Estimate } from './estimate.tsx'
import type { Check } from './use-check.ts'
import type { DataSpan, WindowChoice } from './window.ts'
import { WindowPicker } from './window-picker.tsx'
import './run.css'

/** Run or cancel, over which time, at what price. */
export function RunBar(props: {
  readonly isBusy: boolean
  readonly check: Check
  readonly window: WindowChoice
  readonly span: DataSpan
  readonly onRun: () => void
  readonly onCancel: () => void
  readonly onWindow: (window: WindowChoice) => void
  readonly onFormat: () => void
  readonly onSave: () => void
  readonly onShowProblem: () => void
}): ReactNode {
  return (
    <div className="run-bar" role="toolbar" aria-label="Run">
      {props.isBusy ? (
        <button type="button" className="button danger run-button" onClick={props.onCancel}>
          <Icon name="stop" /> Cancel
        </button>
      ) : (
        <button type="button" className="button primary run-button" onClick={props.onRun}>
          <Icon name="play" /> Run <kbd>{modKey} ⏎</kbd>
        </button>
      )}
      <WindowPicker window={props.window} span={props.span} onChange={props.onWindow} />
      <Estimate check={props.check} onShowProblem={props.onShowProblem} />
      <span className="spacer" />
      <button
        type="button"
        className="button quiet"
        onClick={props.onFormat}
        aria-label="Format"
        title="Format (Alt Shift F)"
      >
        <Icon name="align" /> <span className="button-text">Format</span>
      </button>
      <button
        type="button"
        className="button quiet"
        onClick={props.onSave}
        aria-label="Save"
        title={`Save to the library (${modKey} S)`}
      >
        <Icon name="save" /> <span className="button-text">Save</span>
      </button>
    </div>
  )
}
