import { sha256Hex } from '../model/ids.ts'
import type { SimulatedHost } from './hosts.ts'
import type { Item } from './inventory.ts'
import { type Process, programHash, sophosPid } from './processes.ts'
import type { Row } from './result-line.ts'

// What a machine does, as its scheduled queries report it: processes, sockets, ports, names looked up.

export function windowsProcesses(host: SimulatedHost, processes: readonly Process[]): readonly Item[] {
  return processes.map(process => ({
    since: process.startedAt,
    until: process.endedAt,
    row: { ...processRow(process), ...windowsRow(host, process) },
  }))
}

function processRow(process: Process): Row {
  const { program, parent } = process
  const sha256 = programHash(program)
  return {
    pid: String(process.pid),
    parent: String(parent?.pid ?? 0),
    name: program.name,
    path: program.path,
    cmdline: process.commandLine,
    sha1: sha256Hex(sha256).slice(0, 40),
    sha256,
    time: String(process.startedAt),
  }
}

function windowsRow(host: SimulatedHost, process: Process): Row {
  const { program, parent } = process
  const isSystem = process.user === 'SYSTEM'
  const isKnown = program.company !== ''
  const seed = Number.parseInt(programHash(program).slice(0, 6), 16)
  return {
    username: isSystem ? 'NT AUTHORITY\\SYSTEM' : `${host.hostname}\\${process.user}`,
    uid: isSystem ? '18' : '1001',
    gid: isSystem ? '18' : '545',
    file_size: String(40_000 + (seed % 4_000_000)),
    sophos_pid: sophosPid(process),
    parent_sophos_pid: parent === undefined ? '' : sophosPid(parent),
    parent_name: parent?.program.name ?? '',
    parent_path: parent?.program.path ?? '',
    parent_cmdline: parent?.commandLine ?? '',
    original_filename: isKnown ? program.name : '',
    product_name: isKnown ? program.name.replace(/\.exe$/i, '') : '',
    company_name: program.company,
    file_description: '',
    file_version: isKnown ? `10.0.${seed % 30_000}.1` : '',
    is_process_file_signed: isKnown ? '1' : '0',
    global_rep: isKnown ? '92' : '30',
    global_rep_data: JSON.stringify({ reputation: isKnown ? 92 : 30 }),
    local_rep: isKnown ? '95' : '10',
    local_rep_data: JSON.stringify({ signed: isKnown }),
    ml_score: isKnown ? '2' : '81',
    ml_score_data: JSON.stringify({ band: isKnown ? 'clean' : 'suspicious' }),
    ml_score_band: isKnown ? 'clean' : 'suspicious',
    pua_score: isKnown ? '1' : '35',
  }
}

/** With the lists of process ids that the event queries fold rows by; on Linux these stand for `pid` and `parent`. */
export function unixProcesses(host: SimulatedHost, processes: readonly Process[]): readonly Item[] {
  return processes.map(process => {
    const uid = process.user === 'root' ? '0' : '1000'
    const { pid = '', parent = '', ...row } = processRow(process)
    const own: Row = host.platform === 'macos' ? { pid, parent } : {}
    const lists: Row = { pids: pid, parents: parent }
    return {
      since: process.startedAt,
      until: process.endedAt,
      row: { ...row, ...own, ...lists, uid, gid: uid, euid: uid, egid: uid },
    }
  })
}

export function openSockets(host: SimulatedHost, processes: readonly Process[]): readonly Item[] {
  return processes.flatMap(process =>
    process.connections.map(connection => ({
      since: connection.openedAt,
      until: connection.closedAt,
      row: {
        pid: String(process.pid),
        parent: String(process.parent?.pid ?? 0),
        name: process.program.name,
        path: process.program.path,
        cmdline: process.commandLine,
        family: '2',
        protocol: '6',
        local_address: host.address,
        local_port: String(connection.localPort),
        remote_address: connection.remoteAddress,
        remote_port: String(connection.remotePort),
      },
    })),
  )
}

export function listeningPorts(_host: SimulatedHost, processes: readonly Process[]): readonly Item[] {
  return processes.flatMap(process =>
    process.program.ports.map(port => ({
      since: process.startedAt,
      until: process.endedAt,
      row: {
        pid: String(process.pid),
        name: process.program.name,
        path: process.program.path,
        port: String(port),
        protocol: '6',
        family: '2',
        address: '0.0.0.0',
      },
    })),
  )
}

export function ipFlows(host: SimulatedHost, processes: readonly Process[]): readonly Item[] {
  return processes.flatMap(process =>
    process.connections.map(connection => ({
      since: connection.openedAt,
      until: connection.closedAt,
      row: {
        pids: String(process.pid),
        sophos_pids: sophosPid(process),
        timestamps: String(connection.openedAt),
        source_ip: host.address,
        destination_ip: connection.remoteAddress,
        destination_port: String(connection.remotePort),
        protocol: '6',
      },
    })),
  )
}

export function visitedUrls(host: SimulatedHost, processes: readonly Process[]): readonly Item[] {
  return processes.flatMap(process =>
    process.connections
      .filter(connection => connection.remoteName !== connection.remoteAddress)
      .map(connection => ({
        since: connection.openedAt,
        until: connection.closedAt,
        row: {
          pids: String(process.pid),
          sophos_pids: sophosPid(process),
          timestamps: String(connection.openedAt),
          source_ips: host.address,
          destination_ips: connection.remoteAddress,
          domain: connection.remoteName,
          clean_urls: `https://${connection.remoteName}/`,
        },
      })),
  )
}
