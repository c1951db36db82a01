import { setImmediate as nextTurn } from 'node:timers/promises'
import type { Store } from '../db/db.ts'
import { deleteLiveAnswers, nextLivePosition } from '../db/live-answers.ts'
import { deleteLiveHosts, listLiveHosts } from '../db/live-hosts.ts'
import { deleteLiveRun, listExpiredLiveRuns, listOpenLiveRuns } from '../db/live-runs.ts'
import type { LiveHost } from '../model/live-run.ts'
import type { Board } from './live-board.ts'
import { toOpenRun } from './live-start.ts'

// What a dead process left, and what has been kept long enough.

/** Rows one statement reads or deletes: a few milliseconds of the event loop. */
const rowsMax = 500
/** Statements of one pass over expired runs. */
const deletionsMax = 20

/** Puts every run under way on the board; deletes those that were not begun. How many are under way. */
export async function recoverBoard(store: Store, board: Board): Promise<number> {
  let recovered = 0
  for (const run of await listOpenLiveRuns(store)) {
    if (run.state === 'preparing') {
      while (await deletePiece(store, run.number)) await nextTurn()
      continue
    }
    const hosts: LiveHost[] = []
    for (;;) {
      const page = await listLiveHosts(store, run.number, hosts.at(-1)?.hostId, rowsMax)
      hosts.push(...page)
      if (page.length < rowsMax) break
      await nextTurn()
    }
    board.add(toOpenRun(run, hosts, await nextLivePosition(store, run.number)))
    recovered += 1
  }
  return recovered
}

/** Deletes ended runs that have expired, as much as one pass may. */
export async function expireLiveRuns(store: Store, now: number): Promise<void> {
  let deletions = 0
  for (const number of await listExpiredLiveRuns(store, now, deletionsMax)) {
    while (deletions < deletionsMax) {
      deletions += 1
      if (!(await deletePiece(store, number))) break
      await nextTurn()
    }
  }
}

/** Deletes a piece of a run, the run itself last. True while there is more. */
async function deletePiece(store: Store, number: number): Promise<boolean> {
  if ((await deleteLiveAnswers(store, number, rowsMax)) > 0) return true
  if ((await deleteLiveHosts(store, number, rowsMax)) > 0) return true
  await deleteLiveRun(store, number)
  return false
}
