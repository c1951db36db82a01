// The pages of a run's result, as somebody who prints or exports them reads them.

export interface ResultPage {
  /** Whole numbers beyond 2^53 are ExactNumber. */
  readonly items: readonly ResultItem[]
  /** In SELECT order; the same on every page. */
  readonly columns: readonly ResultPageColumn[]
  /** Rows of the whole result. */
  readonly rowCount: number | undefined
}

export type ResultItem = Readonly<Record<string, unknown>>

export interface ResultPageColumn {
  readonly name: string
  readonly type: string
}

interface ResultsReply {
  readonly items: readonly ResultItem[]
  readonly metadata: { readonly columns: readonly ResultPageColumn[] }
  readonly pages: { readonly nextKey?: string; readonly items?: number }
}

/** Pages in order, each read when it is asked for. `read` gets the key of the page; undefined: the first. */
export async function* resultPages(read: (key: string | undefined) => Promise<unknown>): AsyncGenerator<ResultPage> {
  let key: string | undefined
  do {
    const { items, metadata, pages } = (await read(key)) as ResultsReply
    yield { items, columns: metadata.columns, rowCount: pages.items }
    key = pages.nextKey
  } while (key !== undefined)
}
