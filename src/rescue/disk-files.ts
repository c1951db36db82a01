import type { RunSql } from '../lake/writer.ts'
import type { DeclaredTable } from '../model/declared-table.ts'
import type { LakeColumn } from '../model/lake-table.ts'
import { fileFactsSql } from '../row-sql/file-facts.ts'
import type { Storage } from '../storage/storage.ts'

// What lies on the disk as data files, as each file's own footer tells it. Every byte is read once, for its hash.

/** What a footer says of its file. */
export interface Footer {
  readonly tenantId: string
  readonly table: string
  readonly level: number
  readonly rows: number
  /** Lower case; undefined: none, or too many to say. */
  readonly queryNames: readonly string[] | undefined
  /** Paths of all files that were committed with it, itself included. */
  readonly batch: readonly string[]
  /** Numbers of the segments its rows came in. */
  readonly segments: readonly number[]
  /** Paths of the files whose rows it took over. */
  readonly replaces: readonly string[]
  readonly columns: readonly Pick<LakeColumn, 'name' | 'fieldId'>[]
  /** How its table was declared; undefined: the lake ships it. */
  readonly declaration: DeclaredTable | undefined
}

export interface DiskFile {
  readonly path: string
  readonly bytes: number
  readonly modifiedAt: number
  /** undefined: the bytes could not be read. */
  readonly sha256: string | undefined
  /** Or why there is none. */
  readonly footer: Footer | { readonly error: string }
}

/** Every object of the storage; a file that cannot be read is in the list too, with its reason. */
export async function readDiskFiles(storage: Storage, run: RunSql): Promise<readonly DiskFile[]> {
  const files: DiskFile[] = []
  for await (const { key, bytes, modifiedAt } of storage.list('')) {
    files.push({ path: key, bytes, modifiedAt, ...(await readFacts(run, await storage.locate(key))) })
  }
  return files.sort((a, b) => (a.path < b.path ? -1 : 1))
}

async function readFacts(run: RunSql, local: string): Promise<Pick<DiskFile, 'sha256' | 'footer'>> {
  const { hash, footer } = fileFactsSql(local)
  let sha256: string | undefined
  try {
    sha256 = String((await run(hash))[0]?.['sha256'])
    const [row] = await run(footer)
    if (row === undefined) throw new Error('no footer')
    return { sha256, footer: asFooter(row) }
  } catch (error) {
    return { sha256, footer: { error: firstLine(error) } }
  }
}

function asFooter(row: Readonly<Record<string, unknown>>): Footer {
  const entries = new Map((row['entries'] as { k: string; v: string }[] | null)?.map(({ k, v }) => [k, v]))
  const text = (key: string): string => {
    const value = entries.get(key)
    if (value === undefined) throw new Error(`the footer has no ${key}`)
    return value
  }
  const names = entries.get('queryNames')
  const declared = entries.get('declared')
  const segments = JSON.parse(text('segments')) as { number: number }[]
  return {
    ...{ tenantId: text('tenant'), table: text('table'), level: Number(text('level')), rows: Number(row['rows']) },
    queryNames: names === undefined ? undefined : (JSON.parse(names) as string[]),
    batch: JSON.parse(text('batch')) as string[],
    segments: segments.map(({ number }) => number),
    replaces: JSON.parse(text('replaces')) as string[],
    columns: (row['columns'] as { n: string; id: string }[]).map(({ n, id }) => ({ name: n, fieldId: Number(id) })),
    declaration: declared === undefined ? undefined : (JSON.parse(declared) as DeclaredTable),
  }
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n', 1)[0] ?? ''
}
