import { readFileSync } from 'node:fs'

// What a process and its children use, as Linux tells it; nothing where there is no /proc or the process has ended.

export interface ProcessFigures {
  /** MiB. */
  readonly residentMib: number
  /** Processor time so far, seconds, user and system. */
  readonly cpuSeconds: number
}

const ticksPerSecond = 100

export function figuresOf(pid: number): ProcessFigures | undefined {
  try {
    const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').split(' ').filter(Boolean)
    const all = [own(String(pid)), ...children.map(own)]
    return {
      residentMib: all.reduce((sum, each) => sum + each.residentMib, 0),
      cpuSeconds: all.reduce((sum, each) => sum + each.cpuSeconds, 0),
    }
  } catch {
    // It has just ended, or a child of it has.
    return undefined
  }
}

/** Of the process without its children. */
export function ownFiguresOf(pid: number): ProcessFigures | undefined {
  try {
    return own(String(pid))
  } catch {
    return undefined
  }
}

function own(pid: string): ProcessFigures {
  const resident = Number(/VmRSS:\s+(\d+)/.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1] ?? 0)
  // Counted behind the name, which may hold anything.
  const fields = readFileSync(`/proc/${pid}/stat`, 'utf8').split(') ').at(-1)?.split(' ') ?? []
  return { residentMib: resident / 1024, cpuSeconds: (Number(fields[11]) + Number(fields[12])) / ticksPerSecond }
}
