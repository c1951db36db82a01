import { useMutation, useQueryClient } from '@tanstack/react-query'
import { type FormEvent, type ReactNode, useId, useState } from 'react'
import type { Variable } from '../../../src/api/query-runs.ts'
import { saveQuery } from '../../../src/client/console-reads.ts'
import { Dialog } from '../parts/dialog.tsx'
import { say } from '../parts/notice.ts'
import { useSession } from '../session/session-context.tsx'
import { libraryKey, useLibrary } from '../state/lake-queries.ts'
import { randomId } from '../state/random-id.ts'
import { type Tab, tabTitle } from '../tabs/tabs.ts'

interface Content {
  readonly name: string
  readonly description: string
  /** Empty: none. */
  readonly categoryId: string
}

/** Keeps the statement in the tenant's library: as a new query, or over the one it came from. */
export function SaveDialog(props: {
  readonly tab: Tab
  readonly variables: readonly Variable[]
  readonly onSaved: (id: string, name: string) => void
  readonly onClose: () => void
}): ReactNode {
  const { tab, variables, onSaved, onClose } = props
  const { client } = useSession()
  const cache = useQueryClient()
  const { data: library } = useLibrary()
  const known = library?.queries.find(query => query.id === tab.savedQueryId && query.type === 'custom')
  const [freshId] = useState(randomId)
  const [content, setContent] = useState<Content>({
    name: tab.title === '' ? tabTitle(tab) : tab.title,
    description: known?.description ?? '',
    categoryId: known?.categories[0]?.id ?? '',
  })
  const name = content.name.trim()
  const saving = useMutation({
    mutationFn: (id: string) => {
      const categories = content.categoryId === '' ? [] : [{ id: content.categoryId }]
      const description = content.description.trim()
      return saveQuery(client, id, { name, description, template: tab.template, variables: [...variables], categories })
    },
    onSuccess: saved => {
      say(`Saved “${saved.name}”`)
      void cache.invalidateQueries({ queryKey: libraryKey })
      onSaved(saved.id, saved.name)
    },
  })

  function submit(event: FormEvent): void {
    event.preventDefault()
    if (name !== '') saving.mutate(known?.id ?? freshId)
  }

  return (
    <Dialog title="Save this query" onClose={onClose}>
      <form onSubmit={submit} className="save-form">
        <ContentFields content={content} categories={library?.categories ?? []} onChange={setContent} />
        <p className="save-problem" role="alert">
          {saving.error?.message}
        </p>
        <div className="dialog-foot">
          {known === undefined ? null : (
            <button type="button" className="button" disabled={saving.isPending} onClick={() => saving.mutate(freshId)}>
              Save as a new one
            </button>
          )}
          <button type="submit" className="button primary" disabled={saving.isPending || name === ''}>
            {saving.isPending ? 'Saving…' : known === undefined ? 'Save' : 'Save the changes'}
          </button>
        </div>
      </form>
    </Dialog>
  )
}

function ContentFields(props: {
  readonly content: Content
  readonly categories: readonly { readonly id: string; readonly name: string }[]
  readonly onChange: (content: Content) => void
}): ReactNode {
  const { content, categories, onChange } = props
  const ids = { name: useId(), description: useId(), category: useId() }
  return (
    <>
      <label className="label" htmlFor={ids.name}>
        Name
      </label>
      <input
        id={ids.name}
        className="field"
        value={content.name}
        maxLength={300}
        required
        onChange={event => onChange({ ...content, name: event.target.value })}
      />
      <label className="label" htmlFor={ids.description}>
        Description
      </label>
      <textarea
        id={ids.description}
        className="field"
        rows={3}
        value={content.description}
        onChange={event => onChange({ ...content, description: event.target.value })}
      />
      <label className="label" htmlFor={ids.category}>
        Category
      </label>
      <select
        id={ids.category}
        className="field"
        value={content.categoryId}
        onChange={event => onChange({ ...content, categoryId: event.target.value })}
      >
        <option value="">none</option>
        {categories.map(each => (
          <option key={each.id} value={each.id}>
            {each.name}
          </option>
        ))}
      </select>
    </>
  )
}
