import { asLakeTable, type DeclaredTable } from '../model/declared-table.ts'
import { namedColumns, type RecordedTenant } from './catalog-record.ts'
import { isReadable } from './cover.ts'
import { type Found, note, type TenantDisk } from './difference.ts'

// Declared tables: what files and segments have rows of, and the catalog does not know. The journal says how a table
// was declared, and so do the footers of its files; of one with neither, segments cannot tell what its rows mean: they
// wait until somebody declares it again. Pure.

/** The disk without files of tables that nobody knows, and the catalog with the tables that the journal knows. */
export function compareTables(
  tenantId: string,
  disk: TenantDisk,
  known: RecordedTenant,
  declared: ReadonlyMap<string, DeclaredTable>,
  found: Found,
): { readonly disk: TenantDisk; readonly known: RecordedTenant } {
  const isKnown = new Set(known.tables)
  const files = disk.files.filter(isReadable)
  const inFiles = files.map(({ footer }) => footer.table)
  const inSegments = disk.segments.flatMap(({ tables }) => [...tables])
  const added: DeclaredTable[] = []
  const strange = new Set<string>()
  for (const name of new Set([...inFiles, ...inSegments].filter(each => !isKnown.has(each)))) {
    const table = declared.get(name) ?? files.find(({ footer }) => footer.table === name)?.footer.declaration
    const where = inFiles.includes(name) ? 'data files' : 'segments'
    if (table === undefined) {
      strange.add(name)
      const detail = `${where} have rows of it, and nobody knows how it was declared: declare it again`
      note(found, { kind: 'unknownTable', tenantId, subject: name, detail })
    } else {
      added.push(table)
      const detail = `${where} have rows of it, it was declared, and it is not in the catalog`
      note(found, { kind: 'unknownTable', tenantId, subject: name, detail })
      found.repairs.push({ kind: 'addTable', tenantId, table })
    }
  }
  return {
    disk: { ...disk, files: disk.files.filter(file => !(isReadable(file) && strange.has(file.footer.table))) },
    known: {
      ...known,
      columns: [...known.columns, ...namedColumns(added.map(asLakeTable))],
      tables: [...known.tables, ...added.map(({ name }) => name)],
    },
  }
}
