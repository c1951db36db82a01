import { sha256Hex } from '../model/ids.ts'

/**
 * The host's number from 1 to 100, the same for ever and even over hosts: a tenth of a fleet are those up to 10, and
 * they stay among the half that are those up to 50.
 */
export function hostShard(hostId: string): number {
  return (Number.parseInt(sha256Hex(hostId).slice(0, 8), 16) % 100) + 1
}
