import { join } from 'node:path'
import { openStore } from '../../src/db/db.ts'
import { openWriter } from '../../src/lake/writer.ts'
import { fsck } from '../../src/rescue/fsck.ts'
import { openLocalStorage } from '../../src/storage/local.ts'
import { openSteps, type StepMessage } from './steps.ts'

// `fsck --repair` on a data directory whose catalog is gone, killed at the step it is told.

export type FsckMessage = StepMessage | { readonly kind: 'done'; readonly steps: number }

const [root = '', dieAt = '0'] = process.argv.slice(2)
const tell = (message: FsckMessage) => new Promise(resolve => process.send?.(message, undefined, undefined, resolve))
const steps = openSteps(Number(dieAt), tell)
const store = steps.store(openStore(join(root, 'store.sqlite')))
const storage = steps.storage(await openLocalStorage(join(root, 'lake')))
const plainWriter = openWriter({ memoryBytes: 512 * 2 ** 20, threads: 1, tempFolder: join(root, 'spill') })
const deps = { store, storage, writer: steps.writer(plainWriter), tempFolder: join(root, 'tmp'), clock: Date.now }
await fsck({ ...deps, segmentsFolder: join(root, 'segments') }, { repair: true })
await plainWriter.close()
await store.destroy()
await tell({ kind: 'done', steps: steps.count() })
process.disconnect()
