import { dirname } from 'node:path'
import type { SegmentFile, SegmentFiles } from '../../src/ingest/segment-files.ts'

// A disk that can lose power: after a cut only what was synced is certain, bytes and names alike. Of bytes that were
// written and not synced, any beginning may have reached it.

interface Inode {
  bytes: Buffer
  /** The first so many are safe. */
  safe: number
}

export type DiskStep = 'makeFolder' | 'create' | 'write' | 'sync' | 'syncFolder'

export interface LosingDisk extends SegmentFiles {
  /** Called after the effect of each step, before its promise resolves. */
  onStep: (step: DiskStep, path: string) => void
  /** Called before each step; what it throws, the step rejects with. A write first keeps `written` of its bytes. */
  onFault: (step: DiskStep, path: string) => { readonly error: Error; readonly written?: number } | undefined
  /** A step for which it is true does nothing: what if that sync were missing? */
  isMissing: (step: DiskStep, path: string) => boolean
  free: number
  /** How many bytes of the files are not synced, at most. */
  unsafeBytes(): number
  /**
   * What is on the disk after a power cut now: of each file its safe bytes and the first `torn` of the others, then,
   * with `hasZeros`, zeros up to its length.
   */
  afterCut(torn: number, hasZeros: boolean): LosingDisk
}

/** `root` is there and safe. */
export function losingDisk(root: string, files: ReadonlyMap<string, Buffer> = new Map()): LosingDisk {
  const names = new Map<string, Inode | 'folder'>()
  const safeNames = new Map<string, Inode | 'folder'>()
  for (const [path, bytes] of files) {
    for (const all of [names, safeNames]) all.set(dirname(path), 'folder').set(path, { bytes, safe: bytes.length })
  }

  async function step(kind: DiskStep, path: string, effect: () => void): Promise<void> {
    await undefined
    const fault = self.onFault(kind, path)
    if (fault !== undefined) throw fault.error
    if (!self.isMissing(kind, path)) effect()
    self.onStep(kind, path)
  }

  function openFile(path: string, inode: Inode): SegmentFile {
    return {
      async write(parts) {
        const bytes = Buffer.concat(parts)
        const fault = self.onFault('write', path)
        inode.bytes = Buffer.concat([inode.bytes, bytes.subarray(0, fault?.written ?? bytes.length)])
        self.onStep('write', path)
        if (fault !== undefined) throw fault.error
      },
      sync: () =>
        step('sync', path, () => {
          inode.safe = inode.bytes.length
        }),
      close: async () => {},
    }
  }

  /** A name is reachable when each folder above it is. */
  function isSafe(path: string): boolean {
    return path === root || (safeNames.has(path) && isSafe(dirname(path)))
  }

  const self: LosingDisk = {
    onStep: () => {},
    onFault: () => undefined,
    isMissing: () => false,
    free: Number.MAX_SAFE_INTEGER,
    makeFolder: path =>
      step('makeFolder', path, () => {
        names.set(path, 'folder')
      }),
    syncFolder: path =>
      step('syncFolder', path, () => {
        for (const [name, inode] of names) if (dirname(name) === path) safeNames.set(name, inode)
      }),
    async create(path) {
      if (names.has(path)) throw Object.assign(new Error('exists'), { code: 'EEXIST' })
      if (names.get(dirname(path)) !== 'folder') throw Object.assign(new Error('no folder'), { code: 'ENOENT' })
      const inode: Inode = { bytes: Buffer.alloc(0), safe: 0 }
      await step('create', path, () => {
        names.set(path, inode)
      })
      return openFile(path, inode)
    },
    async read(path) {
      const inode = names.get(path)
      return inode === undefined || inode === 'folder' ? undefined : inode.bytes
    },
    freeBytes: async () => self.free,
    unsafeBytes: () =>
      Math.max(0, ...[...names.values()].map(inode => (inode === 'folder' ? 0 : inode.bytes.length - inode.safe))),
    afterCut(torn, hasZeros) {
      const left = new Map<string, Buffer>()
      for (const [path, inode] of safeNames) {
        if (inode === 'folder' || !isSafe(path)) continue
        const bytes = Buffer.from(inode.bytes.subarray(0, inode.safe + torn))
        left.set(path, hasZeros ? Buffer.concat([bytes], inode.bytes.length) : bytes)
      }
      return losingDisk(root, left)
    },
  }
  return self
}
