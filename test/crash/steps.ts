import type { Store } from '../../src/db/db.ts'
import type { Writer } from '../../src/lake/writer.ts'
import type { Storage } from '../../src/storage/storage.ts'

// Steps of a process that leave something on the disk, counted before and after each; at the one it was told the
// process says so and kills itself.

export interface StepMessage {
  readonly kind: 'dying'
  readonly step: number
  readonly what: string
}

export interface Steps {
  /** Does the work with a step before and one after. */
  around<Result>(what: string, work: () => Promise<Result>): Promise<Result>
  /** Every transaction of it is a step. */
  store(store: Store): Store
  storage(storage: Storage): Storage
  /** Every file that it writes is a step. */
  writer(writer: Writer): Writer
  count(): number
}

export function openSteps(dieAt: number, tell: (message: StepMessage) => Promise<unknown>): Steps {
  let count = 0

  async function step(what: string): Promise<void> {
    count += 1
    if (count !== dieAt) return
    await tell({ kind: 'dying', step: count, what })
    process.kill(process.pid, 'SIGKILL')
    await new Promise(() => {})
  }

  async function around<Result>(what: string, work: () => Promise<Result>): Promise<Result> {
    await step(`before ${what}`)
    const result = await work()
    await step(`after ${what}`)
    return result
  }

  return {
    around,
    store: store =>
      new Proxy(store, {
        get(target, name) {
          if (name !== 'transaction') {
            const member = Reflect.get(target, name, target)
            // Kysely's private fields are the target's.
            return typeof member === 'function' ? member.bind(target) : member
          }
          return () => {
            const builder = target.transaction()
            const execute: typeof builder.execute = work => around('a transaction', () => builder.execute(work))
            return { execute }
          }
        },
      }),
    storage: storage => ({
      ...storage,
      put: (key, localFile) => around('an object is put', () => storage.put(key, localFile)),
      delete: key => around('an object is deleted', () => storage.delete(key)),
    }),
    writer: writer => ({
      ...writer,
      use: work =>
        writer.use(run =>
          work(sql => (sql.startsWith('COPY') ? around('a file is written', () => run(sql)) : run(sql))),
        ),
    }),
    count: () => count,
  }
}
