import { DatabaseSync } from 'node:sqlite'
import { migrate } from '../../src/db/migrate.ts'
import { copyStore } from '../../src/db/store-copies.ts'

// Upgrades a store as `openStore` does, with a program that has one more migration, and is killed in the middle of it.

const [path = '', at = ''] = process.argv.slice(2)
const database = new DatabaseSync(path)
database.exec('PRAGMA journal_mode = WAL')
database.exec('PRAGMA synchronous = FULL')
database.function('die', () => {
  process.kill(process.pid, 'SIGKILL')
  return 1
})
if (at === 'before the copy') process.kill(process.pid, 'SIGKILL')
copyStore(database, path, 2)
if (at === 'after the copy') process.kill(process.pid, 'SIGKILL')
migrate(database, [
  ...[1, 2].map(version => ({ version, name: `${version}`, statements: [] })),
  {
    version: 3,
    name: 'half',
    // Larger than SQLite's cache, so that pages of it reach the log before the commit.
    statements: [
      'CREATE TABLE half (b BLOB)',
      'INSERT INTO half SELECT zeroblob(1000000) FROM (VALUES (1), (2), (3), (4), (5), (6))',
      "UPDATE tenants SET name = 'lost'",
      'SELECT die()',
    ],
  },
])
