import { readFileSync } from 'node:fs'
import { filesForLakeMin } from '../limits.ts'

/** Files and connections that this process may have open; undefined where the system does not say, or has no limit. */
export function openFilesMax(limitsText = readLimits()): number | undefined {
  const soft = /^Max open files\s+(\d+)\s/m.exec(limitsText)?.[1]
  return soft === undefined ? undefined : Number(soft)
}

/**
 * Connections of agents that leave the lake the files it needs: without a bound, a thousand connections too many would
 * be a lake that can open no segment.
 */
export function connectionsMax(filesMax = openFilesMax()): number | undefined {
  if (filesMax === undefined) return undefined
  return Math.max(filesMax - filesForLakeMin, Math.floor(filesMax / 2))
}

function readLimits(): string {
  try {
    return readFileSync('/proc/self/limits', 'utf8')
  } catch {
    // Another system than Linux: there the limit is asked for in other ways, and is seldom the one that counts.
    return ''
  }
}
