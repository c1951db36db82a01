import assert from 'node:assert/strict'
import { mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs'
import { hostname, tmpdir } from 'node:os'
import { dirname, join } from 'node:path'
import { test } from 'node:test'
import { sha256Hex } from '../../src/model/ids.ts'
import { thisMachineLines } from '../../src/simulator/this-machine.ts'

const now = 1_770_105_600

const status = 'Name:\tdaemon\nPPid:\t1\nUid:\t101\t0\t0\t0\nGid:\t102\t103\t0\t0\n'
const stat = `42 (dae mon) S 1 ${'0 '.repeat(17)}250000 0 0`

/** A small machine; links to programs and sockets as /proc has them. */
const files: Readonly<Record<string, string>> = {
  'bin/daemon': 'program',
  'etc/os-release': 'NAME="Test Linux"\nVERSION="7 (seven)"\n',
  'etc/passwd': 'root:x:0:0:root:/root:/bin/bash\nweb:x:101:102::/srv:/usr/sbin/nologin\n',
  'proc/stat': 'cpu 1 2 3\nbtime 1770000000\n',
  'proc/42/status': status,
  'proc/42/stat': stat,
  'proc/42/cmdline': '/bin/daemon\0--flag\0two words\0',
  'proc/42/comm': 'daemon\n',
  'proc/7/status': status,
  'proc/7/stat': stat,
  'proc/7/cmdline': '',
  'proc/self/mounts': '/dev/sda1 / ext4 rw,relatime 0 0\n/dev/sdb1 /my\\040disk xfs ro 0 0\n',
  'proc/net/tcp':
    '  sl  local_address rem_address   st\n' +
    '   0: 0100007F:1F90 00000000:0000 0A 0:0 0:0 0 101 0 5555 1\n' +
    '   1: 0100007F:9C40 0100007F:1F90 01 0:0 0:0 0 101 0 5556 1\n',
  'proc/net/tcp6':
    '  sl  local_address rem_address   st\n' +
    '   0: 00000000000000000000000000000000:0016 00000000000000000000000000000000:0000 0A 0:0 0:0 0 0 0 77 1\n',
  'var/lib/dpkg/status':
    'Package: curl\nStatus: install ok installed\nInstalled-Size: 500\nArchitecture: amd64\nVersion: 8.5.0-2\n\n' +
    'Package: gone\nStatus: deinstall ok config-files\nVersion: 1\n',
}

interface LogLine {
  readonly name: string
  readonly hostIdentifier: string
  readonly decorations: Readonly<Record<string, string>>
  readonly columns?: Readonly<Record<string, string>>
  readonly snapshot?: readonly Readonly<Record<string, string>>[]
}

function report(root: string): readonly LogLine[] {
  return thisMachineLines({ root, now }).map(line => JSON.parse(line) as LogLine)
}

test('a machine is reported from what its files say', t => {
  const root = mkdtempSync(join(tmpdir(), 'edr-lake-machine-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  for (const [path, text] of Object.entries(files)) {
    mkdirSync(dirname(join(root, path)), { recursive: true })
    writeFileSync(join(root, path), text)
  }
  mkdirSync(join(root, 'proc/42/fd'))
  symlinkSync(join(root, 'bin/daemon'), join(root, 'proc/42/exe'))
  symlinkSync('socket:[5555]', join(root, 'proc/42/fd/3'))
  const lines = report(root)
  const rows = (name: string) =>
    lines.filter(line => line.name === name).flatMap(line => line.snapshot ?? (line.columns ? [line.columns] : []))
  const path = join(root, 'bin/daemon')
  assert.deepEqual(rows('running_processes_linux_events'), [
    {
      name: 'daemon',
      path,
      cmdline: '/bin/daemon --flag two words',
      sha256: sha256Hex('program'),
      uid: '101',
      euid: '0',
      gid: '102',
      egid: '103',
      pids: '42',
      parents: '1',
      time: '1770002500',
    },
  ])
  assert.deepEqual(rows('listening_ports'), [
    { pid: '42', name: 'daemon', path, port: '8080', protocol: '6', family: '2', address: '127.0.0.1' },
    { pid: '-1', name: '', path: '', port: '22', protocol: '6', family: '10', address: '::' },
  ])
  assert.deepEqual(
    rows('user_accounts').map(row => [row['uid'], row['username'], row['shell']]),
    [
      ['0', 'root', '/bin/bash'],
      ['101', 'web', '/usr/sbin/nologin'],
    ],
  )
  assert.deepEqual(rows('deb_packages'), [
    { name: 'curl', version: '8.5.0-2', source: '', arch: 'amd64', size: '500', status: 'installed' },
  ])
  assert.deepEqual(
    rows('mounts').map(row => [row['path'], row['type']]),
    [
      ['/', 'ext4'],
      ['/my disk', 'xfs'],
    ],
  )
  assert.equal(lines[0]?.hostIdentifier, hostname())
  assert.equal(lines[0]?.decorations['meta_os_name'], 'Test Linux')
  assert.equal(lines[0]?.decorations['meta_boot_time'], '1770000000')
})

test('a machine that shows nothing is reported as such', () => {
  const lines = report('/nowhere')
  assert.deepEqual(
    lines.filter(line => line.name !== 'network_interfaces').map(line => [line.name, line.snapshot]),
    [
      ['listening_ports', []],
      ['deb_packages', []],
      ['mounts', []],
    ],
  )
})

test('this very machine is reported without failing', () => {
  for (const line of report('/')) assert.equal(line.hostIdentifier, hostname())
})
