/**
 * A sorted set of IDs for queries that read a million IDs page by page. Additions and deletions are only recorded. The
 * next query merges them, so that a run without queries does not pay for the sorting.
 */
export class SortedIds {
    private sorted: string[] = []
    private readonly added = new Set<string>()
    private readonly deleted = new Set<string>()

    add(id: string): void {
        this.deleted.delete(id)
        this.added.add(id)
    }

    delete(id: string): void {
        this.added.delete(id)
        this.deleted.add(id)
    }

    /** Returns up to `count` IDs that follow `id`, or the first IDs if `id` is undefined. */
    after(id: string | undefined, count: number): string[] {
        this.merge()
        const from = id === undefined ? 0 : this.indexAfter(id)
        return this.sorted.slice(from, from + count)
    }

    private indexAfter(id: string): number {
        let low = 0
        let high = this.sorted.length
        while (low < high) {
            const middle = (low + high) >>> 1
            if (this.sorted[middle] <= id) low = middle + 1
            else high = middle
        }
        return low
    }

    private merge(): void {
        const { added, deleted } = this
        if (added.size === 0 && deleted.size === 0) return
        const sortedAdded = [...added].sort()
        const merged: string[] = []
        let next = 0
        for (const id of this.sorted) {
            while (next < sortedAdded.length && sortedAdded[next] < id) merged.push(sortedAdded[next++])
            if (!deleted.has(id) && sortedAdded[next] !== id) merged.push(id)
        }
        while (next < sortedAdded.length) merged.push(sortedAdded[next++])
        this.sorted = merged
        added.clear()
        deleted.clear()
    }
}

/** A map that can also be read in the order of its keys, page by page. */
export class OrderedMap<T> extends Map<string, T> {
    private readonly ids = new SortedIds()

    override set(id: string, value: T): this {
        this.ids.add(id)
        return super.set(id, value)
    }

    override delete(id: string): boolean {
        this.ids.delete(id)
        return super.delete(id)
    }

    /** Returns up to `count` values in the order of their keys, from the first key after `id`. */
    after(id: string | undefined, count: number): T[] {
        return this.ids.after(id, count).map(each => this.get(each) as T)
    }
}
