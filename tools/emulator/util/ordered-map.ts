/**
 * IDs in order, for queries that walk a million of them page by page. Changes are only noted; the next query merges
 * them in, so that they cost nothing where nobody queries.
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

    /** Up to `count` IDs that come after `id`; from the first when it is undefined. */
    after(id: string | undefined, count: number): string[] {
        this.merge()
        const from = id === undefined ? 0 : this.firstAfter(id)
        return this.sorted.slice(from, from + count)
    }

    private firstAfter(id: string): number {
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
        const news = [...added].sort()
        const merged: string[] = []
        let next = 0
        for (const id of this.sorted) {
            while (next < news.length && news[next] < id) merged.push(news[next++])
            if (!deleted.has(id) && news[next] !== id) merged.push(id)
        }
        while (next < news.length) merged.push(news[next++])
        this.sorted = merged
        added.clear()
        deleted.clear()
    }
}

/** A map that can also be walked in the order of its keys, a page at a time. */
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

    /** Up to `count` values, by key, from the first after `id`. */
    after(id: string | undefined, count: number): T[] {
        return this.ids.after(id, count).map(each => this.get(each) as T)
    }
}
