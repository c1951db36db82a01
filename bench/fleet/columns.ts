import { address, below, mix, skewed, unit, uuid } from './draw.ts'
import type { FleetHost } from './hosts.ts'
import type { FleetProgram } from './programs.ts'

/** What one row is about; every value of the row follows from it. */
export interface RowSubject {
  /** Depends on seed, line and row; what the row's own values are drawn with. */
  readonly key: number
  readonly host: FleetHost
  readonly program: FleetProgram
  /** Number of the process on its host that day; rows of several query names share it, so they join. */
  readonly process: number
  /** Seconds since the epoch. */
  readonly time: number
  /** Start of the day of `time`, UTC. */
  readonly day: number
}

/** The lake's type of a column that ships with the lake; a column that only agents know is text there. */
export type ColumnKind = 'string' | 'bigint' | 'integer'

export interface FleetColumn {
  readonly name: string
  /** The type the lake gives it. */
  readonly type: ColumnKind
  /** True where an agent with `--logger_numerics` writes a JSON number. */
  readonly isNumeric: boolean
  readonly value: (row: RowSubject) => string | number
}

export function text(name: string, value: (row: RowSubject) => string): FleetColumn {
  return { name, type: 'string', isNumeric: false, value }
}

/** A number in a column that ships with the lake. */
export function number(name: string, type: 'bigint' | 'integer', value: (row: RowSubject) => number): FleetColumn {
  return { name, type, isNumeric: true, value }
}

/** A number in a column that agents bring: text in the lake. */
export function broughtNumber(name: string, value: (row: RowSubject) => number): FleetColumn {
  return { name, type: 'string', isNumeric: true, value }
}

const fileTimeBase = 133_000_000_000

function sophosPid(processNumber: number): string {
  return `${processNumber % 30_000}:${fileTimeBase + (processNumber % 1_000_000_000)}0000000`
}

const parentOf = (row: RowSubject): number => Math.floor(row.process / 7)

/** A third of the processes is the system's, the rest the host's user's. */
const ownerOf = (row: RowSubject): string => (row.program.number % 3 === 0 ? 'SYSTEM' : row.host.username)

/** Some command lines repeat for every start, some carry a number, some a UUID: the hard part of any dictionary. */
function commandLine(row: RowSubject): string {
  const { commandLine: base, number: programNumber } = row.program
  if (programNumber % 3 === 1) return `${base} --pid=${below(row.key, 20, 30_000)}`
  if (programNumber % 3 === 2) return `${base} /id {${uuid(row.key, 21)}}`
  return base
}

export const time = number('time', 'bigint', row => row.time - below(row.key, 19, 300))

export const processColumns = {
  name: text('name', row => row.program.name),
  path: text('path', row => row.program.path),
  cmdline: text('cmdline', commandLine),
  sha256: text('sha256', row => row.program.sha256),
  sha1: text('sha1', row => row.program.sha1),
  file_size: number('file_size', 'bigint', row => row.program.fileSize),
  pid: number('pid', 'bigint', row => row.process % 30_000),
  sophos_pid: text('sophos_pid', row => sophosPid(row.process)),
  parent: number('parent', 'bigint', row => parentOf(row) % 30_000),
  parent_name: text('parent_name', row => row.program.parentName),
  parent_path: text('parent_path', row => row.program.parentPath),
  parent_sophos_pid: text('parent_sophos_pid', row => sophosPid(parentOf(row))),
  username: text('username', ownerOf),
  uid: number('uid', 'bigint', row => (row.program.number % 3) * 1000),
  gid: number('gid', 'bigint', row => (row.program.number % 3) * 1000),
} satisfies Record<string, FleetColumn>

export const reputationColumns: readonly FleetColumn[] = [
  number('global_rep', 'integer', row => row.program.globalReputation),
  text(
    'global_rep_data',
    ({ program }) => `{"reputation":${program.globalReputation},"sample":"${program.sha256.slice(0, 16)}"}`,
  ),
  number('local_rep', 'integer', row => row.program.localReputation),
  text(
    'local_rep_data',
    ({ program }) => `{"isSigned":"${program.number % 2}","signer":"Vendor ${program.number % 400} Corporation"}`,
  ),
  number('ml_score', 'integer', row => row.program.machineLearningScore),
  text('ml_score_data', row => `{"mlScore":${row.program.machineLearningScore}}`),
  number('pua_score', 'integer', row => row.program.machineLearningScore >> 1),
]

function remotePort(row: RowSubject): number {
  const dice = unit(row.key, 32)
  if (dice < 0.7) return 443
  return dice < 0.85 ? 80 : below(row.key, 33, 65_536)
}

/** An address on the internet: a few thousand are met every day, two hundred thousand now and then. */
export const remoteAddress = (row: RowSubject, salt: number): string => address(skewed(row.key, salt, 200_000, 4))

export const networkColumns: readonly FleetColumn[] = [
  text('local_address', row => row.host.ip),
  number('local_port', 'integer', row => 49_152 + below(row.key, 30, 16_000)),
  text('remote_address', row => remoteAddress(row, 31)),
  number('remote_port', 'integer', remotePort),
  number('protocol', 'integer', row => (unit(row.key, 34) < 0.9 ? 6 : 17)),
  number('family', 'integer', () => 2),
  text('state', row => (unit(row.key, 35) < 0.8 ? 'ESTABLISHED' : 'CLOSE_WAIT')),
]

export function domain(row: RowSubject): string {
  const site = skewed(row.key, 40, 50_000, 3)
  return `host${site % 997}.site${site}.example.com`
}

/** JSON in a text column, as Windows event logs have it. */
export function eventData(row: RowSubject): string {
  return JSON.stringify({
    EventData: {
      SubjectUserSid: 'S-1-5-18',
      SubjectUserName: `${row.host.hostname}$`,
      SubjectDomainName: 'CORP',
      TargetUserName: row.host.username,
      LogonType: String(mix(row.key, 53) % 11),
      ProcessName: row.program.path,
      IpAddress: remoteAddress(row, 54),
      LogonGuid: `{${uuid(row.key, 55)}}`,
    },
  })
}
