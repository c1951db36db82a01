import { hostMissingMs, hostOnlineMs } from '../limits.ts'
import type { Host, HostStatus } from '../model/host.ts'

/** Since when a host must have been heard of to be online, and since when not to be missing. */
export function hostStatusBounds(now: number): { readonly onlineSince: number; readonly missingBefore: number } {
  return { onlineSince: now - hostOnlineMs, missingBefore: now - hostMissingMs }
}

/** One never heard of counts from when it was made. */
export function hostStatusOf({ lastSeenAt, createdAt }: Host, now: number): HostStatus {
  const { onlineSince, missingBefore } = hostStatusBounds(now)
  if (lastSeenAt !== undefined && lastSeenAt >= onlineSince) return 'online'
  return (lastSeenAt ?? createdAt) < missingBefore ? 'missing' : 'offline'
}
