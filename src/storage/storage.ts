// The object store: five verbs. Keys are `/`-separated, relative, without `.` or `..` segments. Objects are immutable:
// a key is
// written once and never again.

export interface Storage {
  /**
   * Makes the bytes of a local file the object `key`, durable when the promise resolves; the local file is gone after.
   * Atomic: readers see the whole object or none. Rejects with `conflict` when the key exists.
   */
  put(key: string, localFile: string): Promise<void>

  /** Bytes `[start, end)` of the object. Rejects with `not_found`. */
  get(key: string, start: number, end: number): Promise<Uint8Array>

  /** Every object whose key begins with `prefix`, in no order. */
  list(prefix: string): AsyncIterable<StoredObject>

  /** Idempotent: deleting what is not there is success. */
  delete(key: string): Promise<void>

  /** An absolute local path at which an engine can read the object now. Rejects with `not_found`. */
  locate(key: string): Promise<string>
}

export interface StoredObject {
  readonly key: string
  readonly bytes: number
  /** Milliseconds since the Unix epoch. */
  readonly modifiedAt: number
}
