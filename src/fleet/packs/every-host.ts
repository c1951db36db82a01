import { type ShippedQuery, sophosPidSql } from './shipped-query.ts'

// What every host reports, whatever its system.

const hour = 3_600

export const everyHost: readonly ShippedQuery[] = [
  {
    name: 'open_sockets',
    intervalSeconds: 300,
    kind: 'differences',
    description: 'A connection of a process to another machine, when it is first seen',
    cost: 'one pass over all sockets; rows: as many as there are new connections that last',
    sql: `SELECT p.name, p.path, p.cmdline, s.pid, p.parent, ${sophosPidSql('p')} AS sophos_pid,
  s.family, s.protocol, s.local_address, s.local_port, s.remote_address, s.remote_port
FROM process_open_sockets AS s
JOIN processes AS p ON p.pid = s.pid
WHERE s.remote_port > 0 AND s.remote_address NOT IN ('', '0.0.0.0', '::', '127.0.0.1', '::1')`,
  },
  {
    name: 'listening_ports',
    intervalSeconds: 4 * hour,
    kind: 'snapshot',
    description: 'A port that a process listens on',
    cost: 'one pass over all sockets; 20 to 100 rows each time',
    sql: `SELECT DISTINCT p.name, p.path, l.pid, l.port, l.protocol, l.family, l.address
FROM listening_ports AS l
LEFT JOIN processes AS p ON p.pid = l.pid
WHERE CAST(l.port AS INTEGER) > 0`,
  },
  {
    name: 'user_accounts',
    intervalSeconds: hour,
    kind: 'differences',
    removed: true,
    description: 'A local user account, when it appears, changes or goes',
    cost: 'reads the accounts; on a domain controller all of the domain. Few rows after the first time',
    sql: 'SELECT username, uid, gid, description, directory, shell, type, uuid FROM users',
  },
  {
    name: 'network_interfaces',
    intervalSeconds: 6 * hour,
    kind: 'snapshot',
    description: 'An address of a network interface',
    cost: 'under a second (on Windows through WMI); 2 to 20 rows each time',
    sql: `SELECT a.interface, a.address, a.mask, a.broadcast, d.mac, d.mtu, d.ibytes, d.obytes
FROM interface_addresses AS a
JOIN interface_details AS d ON d.interface = a.interface`,
  },
  {
    name: 'arp_cache',
    intervalSeconds: 6 * hour,
    kind: 'snapshot',
    description: 'A neighbour on the network: its address and the hardware address behind it',
    cost: 'milliseconds; as many rows as neighbours were spoken to',
    sql: 'SELECT address, mac, interface, permanent FROM arp_cache',
  },
]
