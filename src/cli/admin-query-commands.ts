import type { Adding } from './admin-group.ts'
import { administer, idInPath } from './commands/admin.ts'
import { exportQueries, importQueries } from './commands/admin-queries.ts'
import type { ConnectionFlags } from './connection.ts'

/** Adds `admin queries …` and `admin categories …`: saved queries and what they are sorted by. */
export function addQueryCommands(adding: Adding): void {
  const { admin, effects, end, withConnection } = adding
  const queries = admin
    .command('queries')
    .description("a tenant's saved queries; its own as a folder for version control")
  const columns = ['id', 'type', 'name', 'description', 'updatedAt']
  const listed = { method: 'GET', path: '/xdr-query/v1/queries', columns, isPaged: true } as const
  withConnection(queries.command('list')).action(async (flags: ConnectionFlags) =>
    end(await administer(effects, flags, listed)),
  )
  withConnection(queries.command('export').argument('<folder>')).action(
    async (folder: string, flags: ConnectionFlags) => end(await exportQueries(effects, folder, flags)),
  )
  withConnection(queries.command('import').argument('<folder>')).action(
    async (folder: string, flags: ConnectionFlags) => end(await importQueries(effects, folder, flags)),
  )
  const path = '/lake/v1/saved-queries'
  withConnection(queries.command('delete').argument('<id>'))
    .description("take away one of the tenant's own")
    .action(async (id: string, flags: ConnectionFlags) =>
      end(await administer(effects, flags, { method: 'DELETE', path: `${path}${idInPath(id)}`, done: 'deleted' })),
    )
  addCategories(adding)
}

function addCategories({ admin, effects, end, withConnection }: Adding): void {
  const categories = admin.command('categories').description("a tenant's categories of saved queries")
  const columns = ['id', 'type', 'name', 'queryCount', 'description']
  withConnection(categories.command('list')).action(async (flags: ConnectionFlags) =>
    end(await administer(effects, flags, { method: 'GET', path: '/xdr-query/v1/queries/categories', columns })),
  )
  const path = '/lake/v1/query-categories'
  withConnection(categories.command('delete').argument('<id>'))
    .description("take away one of the tenant's own")
    .action(async (id: string, flags: ConnectionFlags) =>
      end(await administer(effects, flags, { method: 'DELETE', path: `${path}${idInPath(id)}`, done: 'deleted' })),
    )
}
