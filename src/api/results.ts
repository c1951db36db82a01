import Type from 'typebox'
import type { ResultColumn } from '../model/lake-type.ts'
import { wireTypes } from '../model/lake-type.ts'
import type { Truncation } from '../model/query-run.ts'
import { KeyedPages, keyedPageParameters } from './page.ts'
import { Truncated } from './query-runs.ts'

export const ResultQuery = Type.Object(keyedPageParameters)

export const ResultPage = Type.Object({
  items: Type.Array(Type.Record(Type.String(), Type.Unknown()), { description: 'one flat object a row; nulls stay' }),
  metadata: Type.Object({
    columns: Type.Array(Type.Object({ name: Type.String(), type: Type.Enum([...wireTypes]) })),
  }),
  pages: KeyedPages,
  truncated: Type.Optional(Truncated),
})

export interface ResultPageParts {
  /** The page's rows as the text of a JSON array, as the engine rendered it. */
  readonly itemsJson: string
  /** In SELECT order; on every page, also of an empty result. */
  readonly columns: readonly ResultColumn[]
  readonly pages: KeyedPages
  readonly truncated: Truncation | undefined
}

/**
 * The reply as JSON text. The rows are put in as they are: parsing and printing a page again would cost more than it.
 */
export function renderResultPage(parts: ResultPageParts): string {
  const metadata = JSON.stringify({ columns: parts.columns.map(({ name, type }) => ({ name, type })) })
  const truncated = parts.truncated === undefined ? '' : `,"truncated":${JSON.stringify(parts.truncated)}`
  const pages = JSON.stringify(parts.pages)
  return `{"items":${parts.itemsJson},"metadata":${metadata},"pages":${pages}${truncated}}`
}
