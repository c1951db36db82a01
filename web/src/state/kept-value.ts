// Values kept in a browser's storage as JSON. What cannot be read any more, or not be written (a full or closed
// storage), is as if it had never been kept.

export function readKept(storage: Storage, key: string): unknown {
  try {
    const text = storage.getItem(key)
    return text === null ? undefined : JSON.parse(text)
  } catch {
    return undefined
  }
}

export function keep(storage: Storage, key: string, value: unknown): void {
  try {
    if (value === undefined) storage.removeItem(key)
    else storage.setItem(key, JSON.stringify(value))
  } catch {
    // Nothing to do for the person at the screen: the session goes on without it.
  }
}
