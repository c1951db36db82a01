import { isDeepStrictEqual } from 'node:util'
import { at } from './findings.ts'

// How two versions of a configuration differ, member by member.

export interface ConfigChange {
  /** Of the innermost member that differs; lists are compared whole. */
  readonly path: string
  readonly change: 'added' | 'removed' | 'changed'
  /** undefined where it was added. */
  readonly before?: unknown
  /** undefined where it was removed. */
  readonly after?: unknown
}

/** Changes in the order of the paths. */
export function diffConfigs(before: unknown, after: unknown): readonly ConfigChange[] {
  return changesAt('', before, after).sort((one, other) => (one.path < other.path ? -1 : 1))
}

function changesAt(path: string, before: unknown, after: unknown): ConfigChange[] {
  if (isDeepStrictEqual(before, after)) return []
  if (before === undefined) return [{ path, change: 'added', after }]
  if (after === undefined) return [{ path, change: 'removed', before }]
  if (!isObject(before) || !isObject(after)) return [{ path, change: 'changed', before, after }]
  const names = new Set([...Object.keys(before), ...Object.keys(after)])
  return [...names].flatMap(name => changesAt(at(path, name), memberOf(before, name), memberOf(after, name)))
}

function memberOf(object: Record<string, unknown>, name: string): unknown {
  return Object.hasOwn(object, name) ? object[name] : undefined
}

function isObject(value: unknown): value is Record<string, unknown> {
  return typeof value === 'object' && value !== null && !Array.isArray(value)
}
