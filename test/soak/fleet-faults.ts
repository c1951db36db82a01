import { openRandom } from '../../src/simulator/random.ts'
import type { FleetRig } from './fleet-rig.ts'

// Which faults a soak does when: kills spread over the run, each of the others once.

export type FaultKind = 'kill' | 'store locked' | 'disk full' | 'empty 502'

export interface PlannedFault {
  readonly kind: FaultKind
  /** Seconds after the start; a fault that takes longer puts the later ones off. */
  readonly atSeconds: number
}

export interface FaultPlan {
  readonly seed: string
  readonly seconds: number
  readonly kills: number
  readonly hasDisk: boolean
}

/** In the order of their times, none in the first or the last twentieth. */
export function planFaults({ seed, seconds, kills, hasDisk }: FaultPlan): readonly PlannedFault[] {
  const random = openRandom(`${seed}/faults`)
  const others: readonly FaultKind[] = ['store locked', ...(hasDisk ? (['disk full'] as const) : []), 'empty 502']
  const kinds: FaultKind[] = Array<FaultKind>(kills).fill('kill')
  // The long ones come at quarters, so that kills stand before and after each.
  for (const [at, kind] of others.entries()) {
    kinds.splice(Math.round(((at + 1) * (kinds.length + 1)) / (others.length + 1)), 0, kind)
  }
  const [start, slot] = [seconds / 20, (seconds * 0.9) / kinds.length]
  return kinds.map((kind, index) => ({
    kind,
    atSeconds: start + slot * (index + random.integer(0, 60) / 100),
  }))
}

/** Does the fault; resolves with what there is to say of it. */
export async function doFault(rig: FleetRig, kind: FaultKind, holdMs: number): Promise<string> {
  if (kind === 'kill') return `back after ${((await rig.kill()) / 1000).toFixed(1)} s`
  if (kind === 'store locked') await rig.lockStore(holdMs)
  if (kind === 'disk full') await rig.fillDisk(holdMs)
  if (kind === 'empty 502') {
    const before = rig.fleet.counts().acknowledgedByNothing
    await rig.answerNothing(Math.min(holdMs, 5_000))
    return `took ${rig.fleet.counts().acknowledgedByNothing - before} lines`
  }
  return `for ${holdMs / 1000} s`
}
