import { type ReactNode, useState } from 'react'
import { Icon } from '../parts/icon.tsx'
import { say } from '../parts/notice.ts'
import { MenuItem, Popover } from '../parts/popover.tsx'
import { noteFailure } from '../session/session.ts'
import { useSession } from '../session/session-context.tsx'
import { type ExportFormat, exportRun } from './export-run.ts'

const formats: readonly { readonly format: ExportFormat; readonly title: string }[] = [
  { format: 'csv', title: 'CSV' },
  { format: 'ndjson', title: 'NDJSON' },
  { format: 'parquet', title: 'Parquet' },
]

/** Files of the whole result, made by the server; copies of the rows on screen. */
export function ExportMenu(props: {
  readonly runId: string
  readonly onCopy: (form: 'tsv' | 'json') => void
}): ReactNode {
  const { client } = useSession()
  const [isBusy, setIsBusy] = useState(false)

  async function save(format: ExportFormat): Promise<void> {
    setIsBusy(true)
    say(`Exporting as ${format}…`)
    try {
      const name = await exportRun(client, props.runId, format)
      say(`Exported ${name}`)
    } catch (error) {
      noteFailure(error)
      say(`The export failed: ${error instanceof Error ? error.message : String(error)}`)
    } finally {
      setIsBusy(false)
    }
  }

  const button = (
    <>
      {isBusy ? <span className="spinner" /> : <Icon name="export" />} <span className="button-text">Export</span>
    </>
  )
  return (
    <Popover label="Export" button={button} buttonClass="button quiet" buttonLabel="Export">
      {({ close }) => {
        const then = (work: () => void) => () => {
          close()
          work()
        }
        return (
          <>
            <div className="menu-title">Whole result, as a file</div>
            {formats.map(({ format, title }) => (
              <MenuItem key={format} isDisabled={isBusy} onSelect={then(() => void save(format))}>
                {title}
              </MenuItem>
            ))}
            <hr />
            <div className="menu-title">Rows on screen, to the clipboard</div>
            <MenuItem onSelect={then(() => props.onCopy('tsv'))}>Copy as TSV</MenuItem>
            <MenuItem onSelect={then(() => props.onCopy('json'))}>Copy as JSON</MenuItem>
          </>
        )
      }}
    </Popover>
  )
}
