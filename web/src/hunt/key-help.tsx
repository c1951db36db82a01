import type { ReactNode } from 'react'
import { Dialog } from '../parts/dialog.tsx'
import { bindings, editorKeys, gridKeys } from './hunt-keys.ts'

export function KeyHelp({ onClose }: { readonly onClose: () => void }): ReactNode {
  const groups = [
    { title: 'Everywhere', keys: bindings.map(({ keys, title }) => [keys, title] as const) },
    { title: 'Rows', keys: gridKeys },
    { title: 'Editor', keys: editorKeys },
  ]
  return (
    <Dialog title="Keys" onClose={onClose}>
      {groups.map(({ title, keys }) => (
        <section key={title} className="keys">
          <h3>{title}</h3>
          <dl>
            {keys.map(([press, what]) => (
              <div key={press}>
                <dt>
                  {press.split(' ').map(key => (
                    <kbd key={key}>{key}</kbd>
                  ))}
                </dt>
                <dd>{what}</dd>
              </div>
            ))}
          </dl>
        </section>
      ))}
    </Dialog>
  )
}
