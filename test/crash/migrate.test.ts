import assert from 'node:assert/strict'
import { fork } from 'node:child_process'
import { once } from 'node:events'
import { copyFileSync, existsSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { test } from 'node:test'
import { fileURLToPath } from 'node:url'
import { openStore } from '../../src/db/db.ts'
import { storeVersion } from '../../src/db/migrate.ts'

const child = fileURLToPath(new URL('./migrate-child.ts', import.meta.url))
const fixture = new URL('../fixtures/data-directories/format-2/private/store.sqlite', import.meta.url)

for (const at of ['before the copy', 'after the copy', 'in a migration'] as const) {
  test(`killed ${at}, an upgrade is begun again by the next start and nothing is lost`, async () => {
    const folder = mkdtempSync(join(tmpdir(), 'edr-lake-upgrade-'))
    try {
      const path = join(folder, 'store.sqlite')
      copyFileSync(fixture, path)
      // What an earlier death left of a copy.
      writeFileSync(`${path}.format-2.partial`, 'half a store')
      const process = fork(child, [path, at], { stdio: ['ignore', 'inherit', 'inherit', 'ipc'] })
      const [, signal] = await once(process, 'close')
      assert.equal(signal, 'SIGKILL')
      assert.equal(existsSync(`${path}.format-2`), at !== 'before the copy')
      const upgrades: { from: number; to: number }[] = []
      const store = openStore(path, { onUpgraded: ({ from, to }) => upgrades.push({ from, to }) })
      const tenants = await store.selectFrom('tenants').select(['name']).execute()
      assert.deepEqual(
        tenants.map(({ name }) => name),
        ['Default'],
      )
      const files = await store.selectFrom('data_files').select('id').execute()
      assert.equal(files.length, 4)
      await store.destroy()
      assert.deepEqual(upgrades, [{ from: 2, to: storeVersion }])
      assert.equal(existsSync(`${path}.format-2.partial`), false)
    } finally {
      rmSync(folder, { recursive: true })
    }
  })
}
