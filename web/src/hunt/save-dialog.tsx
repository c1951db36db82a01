import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import type { Variable } from '../../../src/api/query-runs.ts'
import { saveQuery } from '../../../src/client/console-reads.ts'
import { Dialog } from '../parts/dialog.tsx'
import { say } from '../parts/notice.ts'
import { useSession } from '../session/session-context.tsx'
import { libraryKey, useLibrary } from '../state/lake-queries.ts'
import { type Tab, tabTitle } from '../tabs/tabs.ts'

/** Keeps the statement in the tenant's library. */
export function SaveDialog(props: {
  readonly tab: Tab
  readonly variables: readonly Variable[]
  readonly onClose: () => void
}): ReactNode {
  const { tab, variables, onClose } = props
  const { client } = useSession()
  const cache = useQueryClient()
  const { data: library } = useLibrary()
  const ids = { name: useId(), description: useId(), category: useId() }
  const [name, setName] = useState(tab.title === '' ? tabTitle(tab) : tab.title)
  const [description, setDescription] = useState('')
  const [category, setCategory] = useState('')
  const saving = useMutation({
    mutationFn: () =>
      saveQuery(client, {
        name: name.trim(),
        description: description.trim(),
        template: tab.template,
        variables: [...variables],
        categories: category === '' ? [] : [{ id: category }],
      }),
    onSuccess: () => {
      say(`Saved “${name.trim()}”`)
      void cache.invalidateQueries({ queryKey: libraryKey })
      onClose()
    },
  })

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (name.trim() !== '') saving.mutate()
  }

  return (
    <Dialog title="Save this query" onClose={onClose}>
      <form onSubmit={submit} className="save-form">
        <label className="label" htmlFor={ids.name}>
          Name
        </label>
        <input
          id={ids.name}
          className="field"
          value={name}
          maxLength={300}
          required
          onChange={event => setName(event.target.value)}
        />
        <label className="label" htmlFor={ids.description}>
          Description
        </label>
        <textarea
          id={ids.description}
          className="field"
          rows={3}
          value={description}
          onChange={event => setDescription(event.target.value)}
        />
        <label className="label" htmlFor={ids.category}>
          Category
        </label>
        <select
          id={ids.category}
          className="field"
          value={category}
          onChange={event => setCategory(event.target.value)}
        >
          <option value="">none</option>
          {(library?.categories ?? []).map(each => (
            <option key={each.id} value={each.id}>
              {each.name}
            </option>
          ))}
        </select>
        <p className="save-problem" role="alert">
          {saving.error?.message}
        </p>
        <div className="dialog-foot">
          <button type="button" className="button" onClick={onClose}>
            Cancel
          </button>
          <button type="submit" className="button primary" disabled={saving.isPending || name.trim() === ''}>
            {saving.isPending ? 'Saving…' : 'Save'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}
