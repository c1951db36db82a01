import { InvalidArgumentError } from 'commander'
import { type ColumnType, columnTypes } from '../model/lake-type.ts'
import type { Adding } from './admin-group.ts'
import { administer, idInPath } from './commands/admin.ts'
import type { ConnectionFlags } from './connection.ts'

interface DeclareFlags extends ConnectionFlags {
  readonly description?: string
  readonly timeColumn?: string
  readonly hostColumn?: string
}

interface Column {
  readonly name: string
  readonly type: ColumnType
}

/** Adds `admin tables …`: tables that a tenant declares for rows of its own sources. */
export function addTableCommands({ admin, effects, end, withConnection }: Adding): void {
  const path = '/lake/v1/tables'
  const tables = admin.command('tables').description("tables that a tenant declares for its own sources' rows")
  const columns = ['name', 'timeColumn', 'hostColumn', 'description', 'createdAt']
  withConnection(tables.command('list')).action(async (flags: ConnectionFlags) =>
    end(await administer(effects, flags, { method: 'GET', path, columns })),
  )
  withConnection(tables.command('show').argument('<name>')).action(async (name: string, flags: ConnectionFlags) =>
    end(await administer(effects, flags, { method: 'GET', path: `${path}${idInPath(name)}` })),
  )
  withConnection(tables.command('declare').argument('<name>'))
    .argument('<column:type...>', `columns with their types: ${columnTypes.join(', ')}`, parseColumn)
    .option('--time-column <name>', 'the timestamp that windows are on (default: the time of receipt)')
    .option('--host-column <name>', 'the column that holds an endpoint_id')
    .option('--description <text>')
    .action(async (name: string, given: Column[], flags: DeclareFlags) => {
      const { description, timeColumn, hostColumn, ...connection } = flags
      const json = { name, description, columns: given, timeColumn, hostColumn }
      end(await administer(effects, connection, { method: 'POST', path, json }))
    })
  withConnection(tables.command('undeclare').argument('<name>'))
    .description('take a table away')
    .option('--drop-rows', 'with the rows it has (default: it must have none)')
    .action(async (name: string, { dropRows, ...flags }: ConnectionFlags & { dropRows?: boolean }) => {
      const query = dropRows === true ? '?dropRows=true' : ''
      const call = { method: 'DELETE', path: `${path}${idInPath(name)}${query}`, done: 'undeclared' } as const
      end(await administer(effects, flags, call))
    })
}

function parseColumn(text: string, before: Column[] | undefined): Column[] {
  const [name = '', type, ...rest] = text.split(':')
  const known = columnTypes.find(each => each === type)
  if (name === '' || known === undefined || rest.length > 0) {
    throw new InvalidArgumentError(`name:type is expected, the type one of ${columnTypes.join(', ')}.`)
  }
  return [...(before ?? []), { name, type: known }]
}
