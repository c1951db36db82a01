import { readFileSync, writeFileSync } from 'node:fs'
import { functionTable, tableEnd, tableStart } from './function-table.ts'

/** Puts the function table into the SQL reference. */
const path = new URL('../../docs/sql.md', import.meta.url)
const [head, rest = ''] = readFileSync(path, 'utf8').split(tableStart)
const tail = rest.split(tableEnd)[1] ?? '\n'
writeFileSync(path, `${head}${tableStart}\n\n${functionTable()}\n${tableEnd}${tail}`)
