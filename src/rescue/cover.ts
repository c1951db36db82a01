import type { DiskFile, Footer } from './disk-files.ts'

// Which of the files on a disk hold each row once, told from the files alone. A merge and its sources may both be
// there, and so may what a crash left between the bytes and their commit. Pure.
//
// A batch (the files of one commit) counts when
//   a file of it was taken over by a batch that counts, or
//   no newer batch took over what its rows came from, and either all of it is there, or something of its sources is
//   gone: sources are unlinked only after the commit.
// A batch that is whole but was never committed holds the rows of its sources, so it does no harm to believe it.

export interface ReadableFile extends DiskFile {
  readonly footer: Footer
}

export function isReadable(file: DiskFile): file is ReadableFile {
  return !('error' in file.footer)
}

interface Batch {
  /** Those of its files that are there. */
  readonly files: readonly ReadableFile[]
  readonly paths: readonly string[]
  /** What its rows came from: paths of files, or `segment <number>` for a batch straight from one. */
  readonly sources: readonly string[]
  readonly modifiedAt: number
}

/** Paths of the files that together hold each row once; `segments` are the numbers of the segment files there. */
export function coverOf(files: readonly ReadableFile[], segments: ReadonlySet<number>): ReadonlySet<string> {
  const isThere = new Set([...files.map(({ path }) => path), ...[...segments].map(segmentName)])
  const batches = batchesOf(files).sort((a, b) => b.modifiedAt - a.modifiedAt)
  const makers = new Map(batches.flatMap(batch => batch.paths.map(path => [path, batch] as const)))
  const takenOver = new Set<string>()
  const accepted = new Set<Batch>()

  function accept(batch: Batch): void {
    if (accepted.has(batch)) return
    accepted.add(batch)
    for (const name of batch.sources) takenOver.add(name)
    // What was taken over had been committed, and so had what that was made of.
    for (const name of batch.sources) {
      const maker = makers.get(name)
      if (maker !== undefined) accept(maker)
    }
  }

  for (const batch of batches) {
    const isFirst = !batch.sources.some(name => takenOver.has(name))
    const isWhole = batch.paths.every(path => isThere.has(path))
    if (isFirst && (isWhole || batch.sources.some(name => !isThere.has(name)))) accept(batch)
  }
  const paths = [...accepted].flatMap(batch => batch.files.map(({ path }) => path))
  return new Set(paths.filter(path => !takenOver.has(path)))
}

function batchesOf(files: readonly ReadableFile[]): Batch[] {
  return [...Map.groupBy(files, ({ footer }) => footer.batch.join('\n')).values()].map(group => {
    const { batch, replaces, segments } = (group[0] as ReadableFile).footer
    return {
      files: group,
      paths: batch,
      sources: replaces.length > 0 ? replaces : segments.map(segmentName),
      modifiedAt: Math.max(...group.map(({ modifiedAt }) => modifiedAt)),
    }
  })
}

function segmentName(number: number): string {
  return `segment ${number}`
}
