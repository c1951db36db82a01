// Where osquery's own packages have things on each platform, and what a person types there. Source: osquery
// `docs/wiki/installation/install-{linux,macos,windows}`, `tools/deployment`.

export interface AgentPlatform {
  readonly folder: 'linux' | 'macos' | 'windows'
  readonly title: string
  /** Of a file that the package's service reads. */
  readonly path: (name: string) => string
  /** Language of the commands, for Markdown. */
  readonly shell: 'sh' | 'powershell'
  readonly package: string
  /** Puts a file of this folder where osquery reads it, readable by everybody or by the administrator only. */
  readonly install: (name: string, isSecret: boolean) => string
  readonly restart: readonly string[]
  /** Shows what osquery says; to be undone by `restart`. */
  readonly look: readonly string[]
  readonly remove: readonly string[]
  readonly remarks: readonly string[]
}

const linux: AgentPlatform = {
  folder: 'linux',
  title: 'Linux',
  path: name => `/etc/osquery/${name}`,
  shell: 'sh',
  package: 'the deb or rpm package',
  install: (name, isSecret) => `sudo install -m ${isSecret ? '0600' : '0644'} ${name} /etc/osquery/`,
  restart: ['sudo systemctl enable osqueryd', 'sudo systemctl restart osqueryd'],
  look: ['sudo journalctl -u osqueryd -n 20'],
  remove: ['sudo systemctl disable --now osqueryd'],
  remarks: [
    'Programs started and logons (`process_events`, `user_events`) come from the audit of the kernel, which has one ' +
      'reader only: they stay empty while auditd runs (`sudo systemctl disable --now auditd`).',
    'It runs in the foreground in a container without systemd: `sudo osqueryd --flagfile=/etc/osquery/osquery.flags`.',
  ],
}

const macos: AgentPlatform = {
  folder: 'macos',
  title: 'macOS',
  path: name => `/private/var/osquery/${name}`,
  shell: 'sh',
  package: 'the pkg package',
  install: (name, isSecret) => `sudo install -m ${isSecret ? '0600' : '0644'} ${name} /private/var/osquery/`,
  restart: ['sudo osqueryctl stop || true', 'sudo osqueryctl start'],
  look: [
    'sudo osqueryctl stop',
    'sudo /opt/osquery/lib/osquery.app/Contents/MacOS/osqueryd --flagfile=/private/var/osquery/osquery.flags --verbose',
  ],
  remove: ['sudo osqueryctl stop'],
  remarks: [
    'Programs started (`es_process_events`) and files of users need Full Disk Access for ' +
      '`/opt/osquery/lib/osquery.app` (System Settings, Privacy & Security, or a profile of your device management).',
  ],
}

const programFiles = 'C:\\Program Files\\osquery'

const windows: AgentPlatform = {
  folder: 'windows',
  title: 'Windows',
  path: name => `${programFiles}\\${name}`,
  shell: 'powershell',
  package: 'the msi package (it makes the service `osqueryd`)',
  install: (name, isSecret) =>
    `Copy-Item ${name} '${programFiles}\\'` +
    (isSecret ? `; icacls '${programFiles}\\${name}' /inheritance:r /grant '*S-1-5-18:F' '*S-1-5-32-544:F'` : ''),
  restart: ['Restart-Service osqueryd'],
  look: [
    'Stop-Service osqueryd',
    `& '${programFiles}\\osqueryd\\osqueryd.exe' --flagfile='${programFiles}\\osquery.flags' --verbose`,
  ],
  remove: ['Stop-Service osqueryd; Set-Service osqueryd -StartupType Disabled'],
  remarks: [
    'Commands are for a PowerShell of an administrator, in the folder with these files.',
    'Windows logs what its audit policy says: programs started and PowerShell scripts are not in it by default ' +
      '(group policy: Audit Process Creation, Turn on PowerShell Script Block Logging).',
    'Updating osquery with its msi may leave an empty `osquery.flags`: copy it again after an update.',
  ],
}

export const agentPlatforms = { linux, macos, windows } as const
