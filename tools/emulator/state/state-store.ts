/**
 * Where state outlives the process. The services say what has changed and hold back their answers until it is
 * kept; without a place to keep it there is nothing to wait for.
 */
export interface StateStore {
    /** What `key` holds has changed: `read` is asked for it later, once for many changes; undefined deletes it. */
    markChanged(key: string, read: () => unknown): void
    /** Runs `answer` when all that has changed until now is kept, in the order of the calls. */
    whenDurable(answer: () => void): void
}

/** Keeps nothing: state lasts as long as the process. */
export const memoryStore: StateStore = { markChanged: () => undefined, whenDurable: answer => answer() }

/** What was kept by an earlier process, by key. */
export type Snapshot = ReadonlyMap<string, unknown>

/** A key is a kind, a slash, and an ID that may hold slashes of its own. */
export function splitKey(key: string): [kind: string, id: string] {
    const slash = key.indexOf("/")
    return [key.slice(0, slash), key.slice(slash + 1)]
}
