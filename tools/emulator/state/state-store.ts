// The state that survives a restart of the emulator, and its storage on disk.

/**
 * Storage for state that must survive the process. A service reports each change, and it delays its answers until the
 * changes are stored.
 */
export interface StateStore {
    /**
     * Reports that the value of `key` has changed. The store calls `read` when it writes, once for several changes. The
     * value undefined deletes the key.
     */
    markChanged(key: string, read: () => unknown): void
    /** Calls `reply` when all changes until now are stored. Calls come in the order of registration. */
    whenDurable(reply: () => void): void
}

/** Stores nothing: state lasts as long as the process. */
export const memoryStore: StateStore = { markChanged: () => undefined, whenDurable: reply => reply() }

/** The state that an earlier process stored, by key. */
export type Snapshot = ReadonlyMap<string, unknown>

/** Splits a key into its kind and its ID at the first slash. The ID may contain slashes. */
export function splitKey(key: string): [kind: string, id: string] {
    const slash = key.indexOf("/")
    return [key.slice(0, slash), key.slice(slash + 1)]
}
